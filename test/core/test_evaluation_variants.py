"""Variants of sequences: other starts, other first boxes, other picture sizes."""

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.evaluation.datasets import DatasetError, Sequence, read_sequences
from tadt_tracking.evaluation.measures import success_auc
from tadt_tracking.evaluation.robustness import SHORTEST, Protocol, shifted, start_frames
from tadt_tracking.evaluation.runner import Track, pool_by_sequence
from tadt_tracking.result import Result


@pytest.fixture
def square(made_root):
    return Sequence.read(made_root / "square")


def test_part_has_its_own_frames_truth_and_first_box(square):
    whole = list(square.frames())
    part = square.part(5).part(2, frames=4)
    frames = list(part.frames())
    assert len(frames) == len(part.truth) == 4
    assert all(np.array_equal(a, b) for a, b in zip(frames, whole[7:11], strict=True))
    assert part.first_box == Box(*square.truth[7])


def test_a_part_of_a_part_ends_where_that_ends(square):
    part = square.part(frames=10).starting_with(Box(1, 2, 3, 4)).part(2, 20)
    assert len(list(part.frames())) == len(part.truth) == 8
    assert part.first_box == Box(*square.truth[2])


def test_larger_pictures_keep_the_target_as_it_is(square):
    larger = square.in_canvas(640, 480)
    assert larger.first_box.size == square.first_box.size
    for frame, whole, was, now in zip(
        square.frames(), larger.frames(), square.truth, larger.truth, strict=True
    ):
        assert whole.shape == (480, 640, 3)
        (x, y, w, h), (left, top, _, _) = was.astype(int), now.astype(int)
        assert np.array_equal(whole[top : top + h, left : left + w], frame[y : y + h, x : x + w])


def test_pictures_that_are_too_large_are_named(square):
    with pytest.raises(DatasetError, match="160x120 do not fit 100x480"):
        square.in_canvas(100, 480)


def test_one_start_is_the_first_frame():
    assert start_frames(np.ones((100, 4)), 1) == [0]


def test_starts_are_spread_evenly_and_leave_frames_to_track():
    assert start_frames(np.ones((80 + SHORTEST, 4)), 5) == [0, 20, 40, 60, 80]
    assert start_frames(np.ones((SHORTEST - 5, 4)), 5) == [0]


def test_starts_without_truth_are_left_out():
    truth = np.ones((80 + SHORTEST, 4))
    truth[[20, 60]] = np.nan
    assert start_frames(truth, 5) == [0, 40, 80]


def test_shifts_are_those_of_the_benchmark():
    boxes = shifted(Box(100, 100, 20, 40))
    assert len(set(boxes)) == 12
    assert Box(98, 104, 20, 40) in boxes
    assert boxes[-1] == Box(98, 96, 24, 48)
    assert min(Box(100, 100, 20, 40).overlap(box) for box in boxes) > 0.6


def test_protocol_makes_a_variant_for_every_start_and_shift(square):
    assert [len(v.truth) for v in Protocol(starts=3).variants(square)] == [30, 25, 20]
    variants = Protocol(starts=3, shifts=True).variants(square)
    assert len(variants) == 36
    assert all(v.first_box != Box(*v.truth[0]) for v in variants)
    with pytest.raises(ValueError, match="at least 1"):
        Protocol(starts=0)


def _track(sequence, good):
    boxes = sequence.truth.copy()
    boxes[good:, 0] += 1000
    return Track.of(sequence, [Result(Box(*box), 0.5) for box in boxes], [0.0] * len(boxes))


def test_every_frame_of_every_start_weighs_the_same(square):
    tracks = [_track(square, 30), _track(square.part(20), 0)]
    (pooled,) = pool_by_sequence(tracks)
    assert len(pooled.boxes) == len(pooled.sequence.truth) == 40
    assert pooled.auc == pytest.approx(tracks[0].auc * 30 / 40)
    assert pooled.precision == pytest.approx(30 / 40)
    assert pooled.auc == success_auc(pooled.boxes, pooled.sequence.truth)


def test_sequences_by_split_or_name(made_root):
    assert [s.name for s in read_sequences(made_root, "square")] == ["square"]
    with pytest.raises(DatasetError, match=r"no sequence 'circle' .* otb, .*: square"):
        read_sequences(made_root, "square,circle")
    with pytest.raises(DatasetError, match=r"no folder of sequences .*nowhere"):
        read_sequences(made_root / "nowhere", "otb")
