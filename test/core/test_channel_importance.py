import torch

from tadt_tracking.ops.channel_importance import ranking_importance, regression_importance

TARGET = slice(8, 13)  # the middle 5 cells of 21


def _noise(*shape):
    return 0.1 * torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_channel_active_at_the_target_beats_one_active_around_it():
    features = _noise(8, 21, 21)
    features[3, TARGET, TARGET] += 1
    features[5] += 1
    features[5, TARGET, TARGET] -= 1
    importance = regression_importance(features, (5, 5))
    assert importance.argmax() == 3
    assert importance.argmin() == 5


def test_channel_that_fades_with_wrong_scale_beats_a_constant_one():
    distances = torch.tensor([0.2, 0.1, 0.0, 0.1, 0.2])
    pyramid = _noise(5, 6, 7, 7)
    pyramid[:, 1] += 1
    pyramid[:, 4] += (1 - 3 * distances)[:, None, None]
    importance = ranking_importance(pyramid, distances)
    assert importance.argmax() == 4
    assert importance[4] > 3 * importance[1].abs()
