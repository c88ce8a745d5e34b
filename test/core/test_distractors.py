"""Distractor-aware inference: its sums, and targets that something of their kind crosses."""

import pytest
import torch
from crossing import Crossing

from tadt_tracking import create_tracker
from tadt_tracking.trackers.distractors import (
    ALPHA_HAT,
    ETA,
    INFLUENCE,
    PATIENCE,
    TRUSTED,
    Distractors,
    Shortlist,
    distractor_weights,
    shortlist,
)

TARGET = [0.0, 0, 20, 20]
CONFUSING = [
    Crossing("cat", (0.6, 1, 1), apart=0),
    Crossing("cat", (1, 1, 0.6), apart=5),
    Crossing("cat", (0.6, 1, 1), apart=15),
]
HARMLESS = [Crossing("astronaut", (0.7, 1, 1), apart=0)]


def made_shortlist(*looks, boxes=None, scores=None):
    """Proposals side by side, the first of them at the middle."""
    count = len(looks)
    boxes = boxes or [[60.0 * index, 0, 20, 20] for index in range(count)]
    scores = torch.tensor(scores or [0.9] * count)
    return Shortlist(torch.arange(count), torch.tensor(boxes).T, scores, scores, torch.stack(looks))


def made_distractors(features):
    """One that has learnt a frame in which there is nothing but the target."""
    boxes = torch.tensor([TARGET] * 9).T
    return Distractors(features, boxes, torch.full((9,), 0.9), torch.tensor([TARGET]).T)


@pytest.fixture
def looks():
    """The looks of the target and two distractors over five frames: 5 x 3 x D."""
    torch.manual_seed(0)
    kinds = torch.randn(3, 4 * 9)
    return torch.nn.functional.normalize(kinds + 0.3 * torch.randn(5, 3, 4 * 9), dim=-1)


def test_sums_over_frames_are_those_of_equation_4(looks):
    torch.manual_seed(1)
    features = torch.randn(4, 9, 9)
    found = made_distractors(features)
    first = found.template
    alphas = torch.tensor([[0.8, 0.6], [0.9, 0.5], [0.7, 0.7], [0.9, 0.8], [0.6, 0.9]])
    for frame, weights in zip(looks, alphas, strict=True):
        frame_list = made_shortlist(*frame, scores=[0.9, *weights.tolist()])
        found.learn(frame_list, torch.tensor(0))
    # The equation as it is written, with the first frame's target and no distractor there.
    rate = ETA / (1 - ETA)
    betas = [sum(rate**power for power in range(frame + 1)) for frame in range(6)]
    targets = [first, *looks[:, 0]]
    target = sum(beta * look for beta, look in zip(betas, targets, strict=True)) / sum(betas)
    pairs = list(zip(betas[1:], looks[:, 1:], alphas, strict=True))
    above = sum(beta * alpha @ others for beta, others, alpha in pairs)
    below = sum(beta * alpha.sum() for beta, _, alpha in pairs)
    expected = target - ALPHA_HAT * above / below
    assert torch.allclose(found.template, expected, atol=1e-5)


@pytest.fixture
def learnt(looks):
    """Distractors that have learnt so many frames that they may object."""
    found = made_distractors(torch.randn(4, 9, 9))
    for frame in range(TRUSTED):
        found.learn(made_shortlist(*looks[frame % 4]), torch.tensor(0))
    return found


def test_what_looks_like_a_distractor_is_not_learnt_as_the_target(looks, learnt):
    before = learnt.template
    learnt.learn(made_shortlist(*looks[4]), torch.tensor(1))
    assert torch.equal(learnt.template, before)
    learnt.learn(made_shortlist(*looks[4]), torch.tensor(0))
    assert not torch.equal(learnt.template, before)


def test_first_frames_are_learnt_whatever_they_show(looks):
    found = made_distractors(torch.randn(4, 9, 9))
    found.learn(made_shortlist(*looks[0]), torch.tensor(0))
    before = found.template
    found.learn(made_shortlist(*looks[1]), torch.tensor(1))
    assert not torch.equal(found.template, before)


def test_ranks_change_once_the_target_has_been_confused_for_some_frames(looks, learnt):
    target, *others = looks[4]
    exchanged = made_shortlist(others[0], target, others[1])
    for _ in range(PATIENCE - 1):
        assert learnt.corrections(exchanged).tolist() == [0, 0, 0]
    expected = INFLUENCE * (exchanged.looks @ learnt.template)
    assert torch.allclose(learnt.corrections(exchanged), expected, atol=1e-4)
    assert (exchanged.ranks + expected).argmax() == 1


@pytest.mark.parametrize(
    "interruption", [[0, 1, 2], [1, 1, 2]], ids=["the target is first", "there is none"]
)
def test_confusion_counts_only_in_a_row(looks, learnt, interruption):
    exchanged = made_shortlist(*looks[4][[1, 0, 2]])
    for _ in range(PATIENCE - 1):
        learnt.corrections(exchanged)
    learnt.corrections(made_shortlist(*looks[4][interruption]))
    assert learnt.corrections(exchanged).tolist() == [0, 0, 0]


def test_first_frames_do_not_count_as_confused(looks):
    found = made_distractors(torch.randn(4, 9, 9))
    for frame in looks[:4]:
        found.learn(made_shortlist(*frame), torch.tensor(0))
    for _ in range(PATIENCE + 1):
        assert found.corrections(made_shortlist(*looks[4][[1, 0, 2]])).tolist() == [0, 0, 0]


def test_distractors_are_apart_from_the_target_and_score_nearly_as_high():
    boxes = [TARGET, [4.0, 0, 20, 20], [60.0, 0, 20, 20], [0.0, 60, 20, 20], [90.0, 0, 20, 20]]
    scores = [0.9, 0.9, 0.8, 0.4, 0.46]
    found = made_shortlist(*torch.randn(5, 36), boxes=boxes, scores=scores)
    weights = distractor_weights(found, torch.tensor([TARGET]).T)
    assert weights.tolist() == pytest.approx([0, 0, 0.8, 0, 0.46])


def test_places_that_are_none_are_neither_distractors_nor_chosen():
    features = torch.randn(4, 9, 9)
    boxes = torch.tensor([TARGET] * 8 + [[60.0, 0, 20, 20]]).T
    scores = torch.tensor([0.9] * 8 + [0.8])
    found = shortlist(features, boxes, scores, scores)
    assert found.ranks.isfinite().sum() == 2
    weights = distractor_weights(found, torch.tensor([[-90.0, 0, 20, 20]]).T)
    assert weights.tolist() == pytest.approx([0.9, 0.8] + [0] * 6)
    corrected = found.ranks + made_distractors(features).corrections(found)
    assert corrected[2:].max() == -torch.inf


@pytest.fixture(scope="module")
def tracks():
    """A function that runs through a crossing: the overlaps with the target, frame by frame."""
    trackers = {
        aware: create_tracker(
            "dasiamrpn", variant="r50", device="cpu", distractor_aware=aware, online=False
        )
        for aware in (False, True)
    }

    def run(aware, crossing):
        (picture, box), *rest = crossing.frames()
        trackers[aware].init(picture, tuple(box))
        return [trackers[aware].update(picture).box.overlap(truth) for picture, truth in rest]

    return run


@pytest.mark.parametrize("crossing", CONFUSING + HARMLESS, ids=str)
def test_target_is_followed_across_one_of_its_kind(tracks, crossing):
    assert min(tracks(True, crossing)[-5:]) > 0.7


@pytest.mark.parametrize("crossing", CONFUSING, ids=str)
def test_without_the_module_the_other_one_is_followed(tracks, crossing):
    assert max(tracks(False, crossing)[-5:]) < 0.2
