"""Tracks: joined, taken in part, held out."""

import numpy as np
import pytest

from tadt_tracking.training.data import join
from tadt_tracking.training.data.tracks import TracksBuilder, path_pattern


def _tracks(names, scenes=""):
    lengths = (1, 3)
    builder = TracksBuilder()
    for index, name in enumerate(names):
        length = lengths[index % len(lengths)]
        pattern = path_pattern(f"100%/{name}", "%(frame)03d", ".jpg")
        boxes = [(index, frame, 10 + frame, 10) for frame in range(length)]
        builder.add(pattern, range(length), boxes, category=name, scene=f"{scenes}{index}")
    return builder.build("here")


def test_joined_tracks_keep_sightings_and_share_categories():
    joined = join([_tracks(["dog", None], "a"), _tracks(["cat", "dog", "dog"], "b")])
    assert [joined.category(i) for i in range(5)] == ["dog", None, "cat", "dog", "dog"]
    assert len(set(joined.scenes.tolist())) == 5
    assert joined.lengths.tolist() == [1, 3, 1, 3, 1]
    last = joined.sighting(3, 2)
    assert (str(last.path), last.box.x, last.frame) == ("100%/dog/002.jpg", 1, 2)


def test_scenes_of_one_name_are_one_also_in_what_is_left_of_joined_tracks():
    first, second = _tracks(["a", "b", "c"]), _tracks(["d", "e", "f", "g"])
    joined = join([first.take(np.array([2, 0])), second, _tracks(["h"], "x")])
    assert joined.scenes.tolist() == [2, 0, 0, 1, 2, 3, 4]
    again = join([joined.take(joined.lengths == 1), second])
    assert again.scene_keys[again.scenes].tolist() == [*b"2 0 0 2 x0 0 1 2 3".split()]


def test_taken_tracks_keep_their_sightings():
    tracks = _tracks(["a", "b", "c", "d"])
    taken = tracks.take(np.array([3, 0]))
    assert taken.lengths.tolist() == [3, 1]
    assert [taken.sighting(0, i) for i in range(3)] == [tracks.sighting(3, i) for i in range(3)]
    assert taken.sighting(1, 0) == tracks.sighting(0, 0)
    with pytest.raises(IndexError, match="1 sightings"):
        taken.sighting(1, 1)


def test_small_objects_are_left_out():
    large = _tracks(["a", "b"]).at_least(10.5)  # 10x10, 11x10 and 12x10 pixels
    assert [large.category(i) for i in range(len(large))] == ["b"]
    assert large.frames(0).tolist() == [2]  # sqrt(110) is 10.49


def test_held_out_scenes_are_not_trained_on():
    tracks = _tracks([None] * 40)
    training, held_out = tracks.hold_out(0.1, seed=0)
    assert len(training) == 36 and sorted(held_out.lengths.tolist()) == [1, 1, 3, 3]
    assert not set(training.scenes.tolist()) & set(held_out.scenes.tolist())
    again = tracks.hold_out(0.1, seed=0)[1]
    assert (again.scenes == held_out.scenes).all()
