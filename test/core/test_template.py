"""Template: matching at several scales, similarity, and following a look that changes."""

import pytest
import torch

from tadt_tracking.ops.template import Template, middle

CELLS, KERNEL, SCALES = 21, (7, 5), (0.9, 1.0, 1.1)
ROW, COLUMN = 13, 6


@pytest.fixture
def window():
    return torch.randn(8, CELLS, CELLS, generator=torch.Generator().manual_seed(0))


def _moved(window):
    """The window's middle at another place, on nothing."""
    features = torch.zeros_like(window)
    features[:, ROW - 3 : ROW + 4, COLUMN - 2 : COLUMN + 3] = middle(window, KERNEL)
    return features


def _similarity(template, features, row=ROW, column=COLUMN):
    cell = torch.tensor(row * CELLS + column)
    response = template.match(features)[1].take(cell)
    return template.similarity(features, response, cell).item()


def test_best_match_is_where_the_target_went(window):
    responses = Template(window, KERNEL, SCALES).match(_moved(window))
    assert responses.shape == (3, CELLS, CELLS)
    assert responses.argmax().item() == (1 * CELLS + ROW) * CELLS + COLUMN


def test_similarity_is_the_cosine(window):
    template = Template(window, KERNEL, SCALES)
    features = _moved(window)
    assert _similarity(template, features) == pytest.approx(1, abs=1e-4)
    assert _similarity(template, -3 * features) == pytest.approx(-1, abs=1e-4)
    assert abs(_similarity(template, window, row=4, column=4)) < 0.3  # unrelated


def test_larger_target_fits_the_larger_template(window):
    template = Template(window, KERNEL, (0.5, 1.0, 2.0))
    smooth = torch.nn.functional.avg_pool2d(window[None], 5, 1, 2)[0]
    template = Template(smooth, KERNEL, (0.5, 1.0, 2.0))
    grown = torch.nn.functional.interpolate(
        smooth[None], scale_factor=2, mode="bilinear", align_corners=False
    )[0]
    features = middle(grown, (CELLS, CELLS))
    center = template.match(features)[:, CELLS // 2, CELLS // 2]
    assert center.argmax().item() == 2


def test_new_look_is_learnt_and_the_first_one_kept(window):
    template = Template(window, KERNEL, SCALES)
    other = torch.randn(8, CELLS, CELLS, generator=torch.Generator().manual_seed(1))
    looks = (_moved(window), _moved(other))
    before = [_similarity(template, look) for look in looks]
    for _ in range(50):
        template.learn(looks[1], (ROW, COLUMN), 1.0, rate=0.2, first_share=0.5)
    after = [_similarity(template, look) for look in looks]
    assert after[1] > before[1] + 0.5
    assert after[0] == pytest.approx(after[1], abs=0.15)  # half and half, but for norms


def test_learning_the_same_look_between_cells_changes_little(window):
    smooth = torch.nn.functional.avg_pool2d(window[None], 5, 1, 2)[0]
    template = Template(smooth, KERNEL, SCALES)
    features = _moved(smooth)
    for _ in range(20):
        template.learn(features, (ROW + 0.25, COLUMN - 0.25), 1.0, rate=0.2, first_share=0.5)
    assert _similarity(template, features) > 0.95
