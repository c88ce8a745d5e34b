"""Non-maximum suppression."""

import pytest
import torch

from tadt_tracking.ops.nms import suppress

# Two squares that overlap by 9 / 11, one that overlaps both by less than a third, one far away.
BOXES = torch.tensor([[0.0, 0, 20, 20], [2, 0, 20, 20], [12, 0, 20, 20], [90, 0, 20, 20]]).T


def picked(scores, **options):
    indices, heights = suppress(BOXES, torch.tensor(scores), **options)
    return indices[heights.isfinite()].tolist(), heights.tolist()


def test_best_of_those_that_overlap_is_kept():
    assert picked([0.5, 0.9, 0.1, 0.7], most=2, overlap=0.5) == (
        [1, 3],
        pytest.approx([0.9, 0.7]),
    )


def test_all_that_may_stay_are_kept_in_order():
    kept, heights = picked([0.9, 0.5, 0.3, 0.7], most=4, overlap=0.5)
    assert kept == [0, 3, 2]
    assert heights[3] == -torch.inf


def test_overlap_at_the_limit_is_allowed():
    assert picked([0.9, 0.5, 0.3, 0.7], most=4, overlap=0.9)[0] == [0, 3, 1, 2]
    assert picked([0.9, 0.5, 0.3, 0.7], most=4, overlap=0.2)[0] == [0, 3]


def test_a_box_that_gave_way_does_not_displace_others():
    # The second overlaps the third by a third; it is gone before it could matter.
    assert picked([0.9, 0.8, 0.3, 0.1], most=3, overlap=0.3)[0] == [0, 2, 3]


def test_negative_scores_are_scores():
    assert picked([-3.0, -1.0, -9.0, -2.0], most=2, overlap=0.5)[0] == [1, 3]
