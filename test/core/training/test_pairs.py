"""Pairs: the same for any number of workers, boxes where the objects are, kinds as asked for."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from rectangles import draw, found
from torch.utils.data import DataLoader

from tadt_tracking.settings import SettingError
from tadt_tracking.training.data import DataError, PairDataset, PairSettings, read_tracks
from tadt_tracking.training.data.tracks import TracksBuilder, path_pattern
from tadt_tracking.training.data.windows import read_picture

PLAIN = {"colour": 0.0, "grey": 0.0, "blur": 0.0}
POSITIVE = {"same_category": 0.0, "other_category": 0.0}
CROPS = Path(__file__).parents[4] / "shared" / "train"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Six videos and eight still images: two of each category, one of unknown ones."""
    root = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    builder = TracksBuilder()

    def add(name, frames, category):
        w, h = (int(v) for v in rng.integers(24, 70, 2))
        boxes = [(int(rng.integers(100, 200)), int(rng.integers(90, 140)), w, h) for _ in frames]
        for frame, box in zip(frames, boxes, strict=True):
            draw(root / name / f"{frame}.png", box)
        pattern = path_pattern(root / name, "%(frame)d", ".png")
        builder.add(pattern, frames, boxes, category=category, scene=name)

    for i, category in enumerate(["cat", "cat", "dog", "dog", None, None]):
        add(f"video{i}", [0, 10, 20, 200], category)
    for i, category in enumerate(["cat", "cat", "dog", "dog", "bird", None, None, None]):
        add(f"still{i}", [0], category)
    return builder.build(root)


def _pairs(tracks, count, **settings):
    dataset = PairDataset(tracks, PairSettings(**settings), seed=1, pairs=count)
    return [dataset[index] for index in range(count)]


@pytest.mark.parametrize(
    "settings", [{}, {"shift": 50.0, "scale": 0.3, "aspect": 0.4}, {"stretch": 1.0}]
)
def test_box_is_where_the_object_is(made, settings):
    pairs = _pairs(made, 100, **PLAIN, **settings)
    for pair in pairs:
        assert found(pair["search"]) == pytest.approx(pair["box"].tolist(), abs=0.75)
    shifts = torch.stack([pair["box"][:2] for pair in pairs]).abs().amax(0)
    limit = settings.get("shift", 12.0)
    assert (shifts <= limit).all() and (shifts > 0.9 * limit).all()


def test_exemplar_shows_the_object_in_its_middle(made):
    for pair in _pairs(made, 60, **PLAIN, **POSITIVE):
        cx, cy, w, h = found(pair["exemplar"])
        assert abs(cx) < 5 and abs(cy) < 5
        context = (w + h) / 2
        # The square of SiamFC has 127 px, changed by up to 5 %.
        assert math.sqrt((w + context) * (h + context)) == pytest.approx(127, rel=0.07)


def test_scale_and_aspect_change_as_far_as_they_are_set(made):
    pairs = _pairs(made, 150, **PLAIN, **POSITIVE, scale=0.3, aspect=0.0, video=0.0)
    sides = [math.sqrt((w + (w + h) / 2) * (h + (w + h) / 2)) for *_, w, h in map(_box, pairs)]
    assert 127 * 0.7 <= min(sides) < 127 * 0.73 and 127 * 1.27 < max(sides) <= 127 * 1.3 + 1e-3


def test_both_pictures_are_stretched_alike_as_far_as_is_set(made):
    plain = {"scale": 0.0, "aspect": 0.0, "exemplar_scale": 0.0, **PLAIN, **POSITIVE}
    ranges = []
    for stretch in (0.0, 1.0):
        pairs = _pairs(made, 150, **plain, video=0.0, stretch=stretch)
        aspects = {int(pair["track"]): [] for pair in pairs}
        for pair in pairs:
            *_, w, h = _box(pair)
            aspects[int(pair["track"])].append(w / h)
            assert math.sqrt((w + (w + h) / 2) * (h + (w + h) / 2)) == pytest.approx(127, rel=1e-4)
            *_, seen_w, seen_h = found(pair["exemplar"])
            assert seen_w / seen_h == pytest.approx(w / h, rel=0.05)
        ranges.append([max(of_one) / min(of_one) for of_one in aspects.values()])
    assert max(ranges[0]) < 1.0001
    assert max(ranges[1]) <= 4.0001 and min(ranges[1]) > 2


def _box(pair):
    return pair["box"].tolist()


def test_pairs_do_not_depend_on_the_number_of_workers(made):
    dataset = PairDataset(made, seed=3, pairs=24)
    one, two = (list(DataLoader(dataset, 4, num_workers=workers)) for workers in (0, 2))
    assert len(one) == len(two) == 6
    for a, b in zip(one, two, strict=True):
        assert a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_seed_and_index_make_the_pair(made):
    dataset, other = (PairDataset(made, seed=seed, pairs=4) for seed in (3, 4))
    assert torch.equal(dataset[1_000_000]["search"], dataset[1_000_000]["search"])
    assert not torch.equal(dataset[0]["search"], dataset[1]["search"])
    assert not torch.equal(dataset[0]["search"], other[0]["search"])


def test_shapes_and_types(made):
    pair = _pairs(made, 1, search=271)[0]
    assert {name: (tuple(v.shape), v.dtype) for name, v in pair.items()} == {
        "exemplar": ((3, 127, 127), torch.uint8),
        "search": ((3, 271, 271), torch.uint8),
        "box": ((4,), torch.float32),
        "kind": ((), torch.int64),
        "track": ((), torch.int64),
        "exemplar_track": ((), torch.int64),
    }


def test_kinds_come_in_their_shares_and_are_what_they_say(made):
    pairs = _pairs(made, 400, same_category=0.3, other_category=0.2)
    categories = {int(s): made.category(t) for t, s in enumerate(made.scenes)}
    kinds = np.array([int(pair["kind"]) for pair in pairs])
    for kind, share in enumerate((0.5, 0.3, 0.2)):
        assert (kinds == kind).mean() == pytest.approx(share, abs=0.07)
    for pair in pairs:
        own, exemplar = int(pair["track"]), int(pair["exemplar_track"])
        assert (own == exemplar) == (pair["kind"] == 0)
        if pair["kind"] == 1:
            assert categories[own] is not None and categories[own] == categories[exemplar]
        if pair["kind"] == 2 and categories[own] is not None:
            assert categories[own] != categories[exemplar]


def test_each_picture_is_of_the_track_that_is_named(made):
    sizes = {int(s): made.boxes[made.starts[t]][2:] for t, s in enumerate(made.scenes)}
    still = {"aspect": 0.0, "video": 0.0, "other_category": 1.0, "same_category": 0.0}
    for pair in _pairs(made, 30, **PLAIN, **still):
        for picture, track in (("search", "track"), ("exemplar", "exemplar_track")):
            *_, w, h = found(pair[picture])
            width, height = sizes[int(pair[track])]
            assert w / h == pytest.approx(width / height, rel=0.05)


def test_objects_of_one_scene_make_no_negative_pair(tmp_path):
    builder = TracksBuilder()
    draw(tmp_path / "a.png", (100, 100, 40, 40))
    for scene in ("one", "one", "one", "two"):
        pattern = path_pattern(tmp_path / "a.png", number="")
        builder.add(pattern, [0], [(100, 100, 40, 40)], category="cat", scene=scene)
    pairs = _pairs(builder.build(tmp_path), 40, same_category=1.0, other_category=0.0)
    assert all({int(p["track"]), int(p["exemplar_track"])} == {0, 1} for p in pairs)


def test_tracks_that_cannot_give_negatives_are_an_error(made):
    alone = made.take(np.array([0, 2]))  # a cat and a dog
    with pytest.raises(DataError, match="the same category"):
        PairDataset(alone, PairSettings(other_category=0.0), seed=0, pairs=1)
    cats = made.take(np.array([0, 1]))
    with pytest.raises(DataError, match="another category"):
        PairDataset(cats, PairSettings(same_category=0.0), seed=0, pairs=1)
    assert len(_pairs(alone, 3, **POSITIVE)) == 3


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_videos_are_drawn_in_their_share(made, share):
    pairs = _pairs(made, 150, **POSITIVE, video=share)
    videos = np.isin([int(pair["track"]) for pair in pairs], made.scenes[made.lengths > 1])
    assert videos.mean() == pytest.approx(share, abs=0.1 if 0 < share < 1 else 0)


def test_frames_of_a_pair_are_not_further_apart_than_set(tmp_path):
    builder = TracksBuilder()
    frames = [0, 3, 6, 9, 12, 15, 18]
    for frame in frames:  # the frame's number is the object's brightness
        picture = np.full((200, 200, 3), 10 * frame + 20, np.uint8)
        cv2.imwrite(str(tmp_path / f"{frame}.png"), picture)
    pattern = path_pattern(tmp_path, "%(frame)d", ".png")
    builder.add(pattern, frames, [(80, 80, 40, 40)] * 7, category=None, scene="a")
    pairs = _pairs(builder.build(tmp_path), 80, **PLAIN, **POSITIVE, max_gap=6)
    gaps = {int(p["search"][0, 127, 127]) - int(p["exemplar"][0, 63, 63]) for p in pairs}
    assert gaps == {-60, -30, 0, 30, 60}


def test_pairs_are_grey_in_their_share_and_both_at_once(made):
    pairs = _pairs(made, 200, colour=0.1)
    grey = [[bool((p[k] == p[k][:1]).all()) for k in ("exemplar", "search")] for p in pairs]
    assert all(a == b for a, b in grey)
    assert np.mean(grey) == pytest.approx(0.25, abs=0.08)


def test_small_objects_make_no_pairs(made):
    with pytest.raises(DataError, match="there are no tracks"):
        PairDataset(made, PairSettings(smallest=500.0), seed=0, pairs=1)


def test_textures_are_parts_of_the_picture(tmp_path):
    rng = np.random.default_rng(0)
    noise = cv2.resize(rng.integers(0, 255, (60, 60, 3), dtype=np.uint8), (600, 600))
    cv2.imwrite(str(tmp_path / "a.png"), noise)
    builder = TracksBuilder()
    pattern = path_pattern(tmp_path / "a.png", number="")
    builder.add(pattern, [0], [(250, 250, 100, 100)], category=None, scene="a")
    tracks = builder.build(tmp_path)
    still = {"shift": 0.0, "scale": 0.0, "aspect": 0.0, "mirror": 0.0}
    still |= {"exemplar_shift": 0.0, "exemplar_scale": 0.0, **PLAIN, **POSITIVE}
    pairs = _pairs(tracks, 20, textures=1.0, **still)
    assert len({tuple(_box(pair)) for pair in pairs}) == 20
    for pair in pairs:  # the same place without any change: the exemplar is the window's middle
        middle = pair["search"][:, 64:191, 64:191].int()
        assert (middle - pair["exemplar"].int()).abs().max() <= 2


def _stills(root, names, there):
    """Still images of an object of 300 px, each of its own scene, of which only some are there."""
    builder = TracksBuilder()
    for name in names:
        if name in there:
            draw(root / f"{name}.jpg", (50, 40, 300, 300), (400, 400))
        pattern = path_pattern(root / f"{name}.jpg", number="")
        builder.add(pattern, [0], [(50, 40, 300, 300)], category=None, scene=name)
    return builder.build(root)


def test_another_pair_is_drawn_for_one_that_cannot_be_read(tmp_path, caplog):
    whole = _pairs(_stills(tmp_path, "abcd", there="abcd"), 20, **POSITIVE)
    (tmp_path / "b.jpg").unlink()
    pairs = _pairs(_stills(tmp_path, "abcd", there=""), 20, **POSITIVE)
    lost = [int(pair["track"]) == 1 for pair in whole]
    assert any(lost)
    for pair, before, gone in zip(pairs, whole, lost, strict=True):
        assert int(pair["track"]) != 1
        assert gone or torch.equal(pair["search"], before["search"])
    assert len(caplog.records) >= sum(lost)
    assert all(str(tmp_path / "b.jpg") in message for message in caplog.messages)


def test_pictures_that_are_all_missing_are_an_error(tmp_path):
    tracks = _stills(tmp_path, "ab", there="")
    with pytest.raises(FileNotFoundError, match=r"no picture that can be read: .*[ab]\.jpg"):
        _pairs(tracks, 1, **POSITIVE)


def test_pictures_are_read_for_the_stretch_of_their_pair(tmp_path, monkeypatch):
    tracks, noted = _stills(tmp_path, "ab", there="ab"), []

    def read(path, box, stretch):
        noted.append(stretch)
        return read_picture(path, box, stretch)

    monkeypatch.setattr("tadt_tracking.training.data.pairs.read_picture", read)
    kinds = {"same_category": 0.0, "other_category": 1.0}
    pairs = _pairs(tracks, 10, **PLAIN, **kinds, stretch=1.0, scale=0.0, aspect=0.0)
    aspects = [float(pair["box"][2] / pair["box"][3]) for pair in pairs]
    assert noted[::2] == noted[1::2] == pytest.approx(aspects, rel=1e-5)
    assert len(set(noted)) == 10


def test_side_of_the_search_window_fits_the_network():
    assert PairSettings(search=271).search == 271
    with pytest.raises(SettingError, match=r"127 and a multiple of 8, .* got 256"):
        PairSettings(search=256)


def test_shares_above_one_are_refused():
    with pytest.raises(SettingError, match="more than 1"):
        PairSettings(same_category=0.6, other_category=0.6)


def _photographs(tracks):
    """Source and outer colour of the still crops; those of which nothing is outside have none."""
    seen = set()
    for pattern in tracks.patterns[tracks.lengths == 1].tolist():
        path = Path(pattern.decode())
        edge = cv2.imread(str(path))[:, [*range(16), *range(-16, 0)]]
        for strip in (edge[:, :16], edge[:, 16:]):
            if (strip == strip[0, 0]).all():
                seen.add((path.parent.name, *strip[0, 0].tolist()))
    return seen


def test_real_crops_give_pairs():
    if not CROPS.is_dir():
        pytest.skip(f"real crops are missing: there is no folder {CROPS}")
    training, held_out = read_tracks("crops", CROPS).hold_out(0.1, seed=0)
    assert not _photographs(training) & _photographs(held_out)
    for tracks in (training, held_out):
        for pair in _pairs(tracks, 8):
            assert pair["search"].float().std() > 1
            assert pair["box"].abs().max() < 127
