"""Which anchors pairs are judged by, and what their answers cost."""

import math

import pytest
import torch

from tadt_tracking.ops.anchors import anchor_grid, encode, iou
from tadt_tracking.training.losses import (
    best_overlaps,
    box_loss,
    classification_loss,
    found_share,
    margins,
)
from tadt_tracking.training.targets import BACKGROUND, TARGET, UNUSED, assign

ANCHORS = anchor_grid(35, scale=16, stride=4)  # as large as usual, and closer together
BOXES = torch.tensor([[0.0, 0.0, 64.0, 64.0], [20.0, -9.0, 56.0, 80.0], [5.0, 5.0, 70.0, 60.0]])
NEGATIVE = torch.tensor([False, False, True])


def _seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def _overlaps():
    return iou(BOXES.T[:, :, None, None, None], ANCHORS[:, None])


def test_anchors_are_drawn_on_and_off_the_object():
    labels = assign(BOXES, NEGATIVE, ANCHORS, _seeded()).labels
    overlaps = _overlaps()
    assert labels.shape == (3, 5, 35, 35)
    assert (overlaps[labels == TARGET] > 0.6).all()
    assert (overlaps[:2][labels[:2] == BACKGROUND] < 0.3).all()
    for pair in range(3):
        assert (labels[pair] != UNUSED).sum() == 64
        assert (labels[pair] == TARGET).sum() == (0 if NEGATIVE[pair] else 16)


def test_a_negative_pair_is_judged_by_what_a_distractor_would_win_with():
    labels = assign(BOXES, NEGATIVE, ANCHORS, _seeded()).labels
    chosen = _overlaps()[2][labels[2] == BACKGROUND]
    assert (chosen > 0.6).sum() == 16
    assert (chosen < 0.3).sum() == 48


def test_where_the_object_has_few_anchors_there_are_more_off_it():
    anchors = anchor_grid(17)
    overlaps = iou(BOXES[0].view(4, 1, 1, 1), anchors)
    labels = assign(BOXES[:1], NEGATIVE[:1], anchors, _seeded()).labels[0]
    assert 0 < (overlaps > 0.6).sum() < 16
    assert (labels == TARGET).equal(overlaps > 0.6)
    assert (labels == BACKGROUND).sum() == 64 - (overlaps > 0.6).sum()


def test_an_object_of_an_odd_shape_has_its_best_anchors():
    box, anchors = torch.tensor([[3.0, 1.0, 24.0, 150.0]]), anchor_grid(17)
    overlaps = iou(box[0].view(4, 1, 1, 1), anchors)
    assert overlaps.max() < 0.6
    labels = assign(box, torch.tensor([False]), anchors, _seeded()).labels[0]
    assert (labels == TARGET).equal(overlaps == overlaps.max())


def test_draws_follow_the_generator_and_no_other():
    one, again, other = (assign(BOXES, NEGATIVE, ANCHORS, _seeded(s)).labels for s in (0, 0, 1))
    assert one.equal(again)
    assert not one.equal(other)


def test_classification_weighs_both_kinds_alike():
    labels = torch.tensor([TARGET, BACKGROUND, BACKGROUND, BACKGROUND, UNUSED])
    margin = torch.tensor([math.log(3), 0.0, 0.0, 0.0, 50.0])  # probabilities 3/4 and 1/2
    expected = (-math.log(0.75) - math.log(0.5)) / 2
    assert classification_loss(margin, labels).item() == pytest.approx(expected)


def test_margins_are_those_of_the_softmax():
    scores = torch.randn(2, 2, 5, 3, 3, generator=_seeded())
    assert torch.allclose(margins(scores).sigmoid(), scores.softmax(1)[:, 1], atol=1e-6)


def test_a_perfect_answer_costs_nothing_and_is_found():
    targets = assign(BOXES, NEGATIVE, ANCHORS, _seeded())
    margin = torch.where(targets.labels == TARGET, 30.0, -30.0)
    assert classification_loss(margin, targets.labels) < 1e-6
    assert found_share(margin, targets.labels) == 1
    assert box_loss(targets.offsets, targets) == 0
    overlaps = best_overlaps(margin, targets.offsets, BOXES, ANCHORS)
    assert torch.allclose(overlaps, torch.ones(3), atol=1e-4)


def test_box_loss_is_smooth_l1_of_the_positives():
    targets = assign(BOXES[:1], NEGATIVE[:1], ANCHORS, _seeded())
    wrong = targets.offsets.clone()
    wrong[:, 0] += 0.1  # quadratic: 9 / 2 * 0.01
    wrong[:, 2] -= 1.0  # linear: 1 - 1 / 18
    wrong[(targets.labels != TARGET)[:, None].expand_as(wrong)] = 1e6
    expected = 4.5 * 0.01 + 1 - 1 / 18
    assert box_loss(wrong, targets).item() == pytest.approx(expected, rel=1e-5)


def test_the_highest_proposal_is_the_one_judged():
    offsets = torch.zeros(3, 4, 5, 35, 35)
    margin = torch.zeros(3, 5, 35, 35)
    margin[:, 2, 17, 17] = 1  # the square anchor in the middle
    offsets[1, :, 2, 17, 17] = encode(BOXES[1], ANCHORS[:, 2, 17, 17])
    overlaps = best_overlaps(margin, offsets, BOXES, ANCHORS)
    assert overlaps[0] == pytest.approx(1.0)
    assert overlaps[1] == pytest.approx(1.0, abs=1e-5)
    assert overlaps[2] == pytest.approx(_overlaps()[2, 2, 17, 17].item())


def test_losses_have_gradients_without_positives():
    targets = assign(BOXES[2:], NEGATIVE[2:], ANCHORS, _seeded())
    margin = torch.zeros(1, 5, 35, 35, requires_grad=True)
    offsets = torch.zeros(1, 4, 5, 35, 35, requires_grad=True)
    (classification_loss(margin, targets.labels) + box_loss(offsets, targets)).backward()
    assert margin.grad.isfinite().all()
    assert not offsets.grad.any()
