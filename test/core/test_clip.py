"""The demo's clip: its truth holds, and it is hard enough to tell trackers apart."""

from itertools import islice

import cv2
import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.demo import clip, cutouts
from tadt_tracking.demo.cutouts import CAT_FACE, Pose, cut_out
from tadt_tracking.evaluation.measures import overlaps


@pytest.fixture(scope="module")
def frames():
    return list(clip.render())


@pytest.fixture(scope="module")
def truth(frames):
    return np.array([frame.box for frame in frames])


def test_same_seed_gives_the_same_clip_and_another_seed_another(frames):
    for frame, again in zip(frames, islice(clip.render(), 5), strict=False):
        assert np.array_equal(frame.picture, again.picture)
        assert frame.box == again.box
    other = next(clip.render(seed=1))
    assert not np.array_equal(frames[0].picture, other.picture)


def test_a_shorter_clip_is_the_beginning_of_the_whole(frames):
    short = list(clip.render(frames=3))
    assert len(short) == 3
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(short, frames, strict=False))


def test_pictures_are_vga_bgr(frames):
    assert len(frames) == clip.FRAMES
    assert all(frame.picture.shape == (480, 640, 3) for frame in frames)
    assert all(frame.picture.dtype == np.uint8 for frame in frames)


def test_the_target_is_hidden_once_and_comes_back_near(truth):
    hidden = np.isnan(truth[:, 0])
    edges = np.flatnonzero(np.diff(hidden.astype(int)))
    assert len(edges) == 2  # in and out, once
    before, after = truth[edges[0]], truth[edges[1] + 1]
    assert 12 <= hidden.sum() <= 20
    assert np.linalg.norm(before[:2] - after[:2]) < max(before[2:])


def test_truth_is_nan_exactly_where_little_is_visible(frames, truth):
    visible = np.array([frame.visible for frame in frames])
    assert visible.min() >= 0 and visible.max() <= 1
    assert np.array_equal(np.isnan(truth[:, 0]), visible < clip.HIDDEN_BELOW)
    assert visible.min() < 0.01
    assert np.median(visible) == 1


def test_the_target_moves_turns_and_changes_scale_within_the_picture(truth):
    seen = truth[~np.isnan(truth[:, 0])]
    sizes = np.sqrt(seen[:, 2] * seen[:, 3])
    assert sizes.max() / sizes.min() > 1.7
    assert np.ptp(seen[:, 0]) > 250 and np.ptp(seen[:, 1]) > 150
    assert (seen[:, :2] >= 0).all()
    assert (seen[:, 0] + seen[:, 2] <= 640).all() and (seen[:, 1] + seen[:, 3] <= 480).all()


def test_a_box_that_never_moves_fails(truth):
    stuck = overlaps(np.repeat(truth[:1], len(truth), axis=0), truth)
    assert np.nanmean(stuck) < 0.15


def test_the_box_fits_what_is_drawn():
    target = cut_out("chelsea.png", CAT_FACE, 0.36)
    pose = Pose(320.3, 240.7, 1.2, 17.0)
    alpha = cutouts.paste(np.zeros((480, 640, 3), np.float32), target, pose)
    drawn = cv2.boundingRect((alpha > 0.5).astype(np.uint8))
    assert np.allclose(drawn, cutouts.bounds(target, pose), atol=2.5)


def test_the_target_is_where_the_truth_says(frames):
    """The face as cut from the first picture matches best at the true place of later ones."""
    x, y, w, h = (round(value) for value in frames[0].box)
    face = frames[0].picture[y + h // 4 : y + 3 * h // 4, x + w // 4 : x + 3 * w // 4]
    for frame in frames[1:8]:
        score = cv2.matchTemplate(frame.picture, face, cv2.TM_CCOEFF_NORMED)
        found = np.add(cv2.minMaxLoc(score)[3], (face.shape[1] / 2, face.shape[0] / 2))
        assert np.allclose(found, Box(*frame.box).center, atol=3)


def test_drawing_outside_the_picture_leaves_it_alone():
    canvas = np.zeros((48, 64, 3), np.float32)
    target = cut_out("chelsea.png", CAT_FACE, 0.1)
    for x, y in ((-100, 20), (200, 20), (30, -100), (30, 200)):
        assert not cutouts.paste(canvas, target, Pose(x, y, 1.0, 0.0)).any()
    assert not canvas.any()


def test_prepare_renders_once_and_reads_back(tmp_path, frames, truth):
    first = clip.prepare(tmp_path, frames=4)
    pictures = sorted(first.pictures.iterdir())
    times = [path.stat().st_mtime_ns for path in pictures]
    second = clip.prepare(tmp_path, frames=4)
    assert [path.stat().st_mtime_ns for path in pictures] == times
    assert len(pictures) == 4
    assert np.allclose(second.truth, truth[:4], atol=1e-3)
    assert np.array_equal(first.visible, second.visible)
    shown = cv2.imread(str(pictures[3])).astype(float)
    assert np.abs(shown - frames[3].picture).mean() < 4  # JPEG


def test_a_clip_whose_rendering_was_interrupted_is_rendered_again(tmp_path):
    whole = clip.prepare(tmp_path, frames=3)
    place = whole.pictures.parent
    (place / "truth.csv").unlink()
    with pytest.raises(clip.ClipError, match=str(place)):
        clip.read(place)
    assert len(clip.prepare(tmp_path, frames=3).truth) == 3


def test_an_unknown_photograph_is_named():
    with pytest.raises(FileNotFoundError, match=r"dog\.png"):
        cutouts.resized_photograph("dog.png", 1.0)
