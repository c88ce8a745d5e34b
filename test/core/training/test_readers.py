"""Readers of data sets, each on a tiny tree in its published layout."""

import json

import cv2
import numpy as np
import pytest

from tadt_tracking.training.data import READERS, DataError, join, read_tracks
from tadt_tracking.training.data.readers.youtube_bb import jpeg_size
from tadt_tracking.training.data.tracks import TracksBuilder, path_pattern

SIZE = (80, 60)


def _picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path.with_suffix(".jpg")), np.zeros((*SIZE[::-1], 3), np.uint8))
    path.with_suffix(".jpg").rename(path)


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _xml(objects):
    """ImageNet's annotation; objects are (name, trackid or None, left, top, right, bottom)."""
    parts = []
    for name, track, left, top, right, bottom in objects:
        parts += ["<object>", "" if track is None else f"<trackid>{track}</trackid>"]
        parts += [f"<name>{name}</name><bndbox><xmax>{right}</xmax><xmin>{left}</xmin>"]
        parts += [f"<ymax>{bottom}</ymax><ymin>{top}</ymin></bndbox></object>"]
    return f"<annotation><folder>x</folder>{''.join(parts)}</annotation>"


def make_imagenet_vid(root):
    video = "VID/train/ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000000"
    dog, car = ("n02084071", 0), ("n02958343", 1)
    frames = [
        [(*dog, 10, 20, 40, 30), (*car, 1, 2, 11, 12)],
        [(*car, 2, 2, 12, 12)],
        [(*dog, 12, 20, 42, 30), (*car, 5, 5, 5, 9)],  # the car is degenerate
    ]
    for number, objects in enumerate(frames):
        _write(root / "Annotations" / video / f"{number:06d}.xml", _xml(objects))
        _picture(root / "Data" / video / f"{number:06d}.JPEG")
    return {
        ("n02084071", 0): [(0, (10, 20, 30, 10)), (2, (12, 20, 30, 10))],
        ("n02958343", 0): [(0, (1, 2, 10, 10)), (1, (2, 2, 10, 10))],
    }


def make_imagenet_det(root):
    folder = "DET/train/ILSVRC2013_train/n02084071"
    objects = [("n02084071", None, 10, 20, 40, 30), ("n02958343", None, 1, 2, 11, 12)]
    _write(root / "Annotations" / folder / "n02084071_1.xml", _xml(objects))
    _picture(root / "Data" / folder / "n02084071_1.JPEG")
    _write(root / "Annotations" / folder / "n02084071_2.xml", _xml([]))
    return {
        ("n02084071", 0): [(0, (10, 20, 30, 10))],
        ("n02958343", 0): [(0, (1, 2, 10, 10))],
    }


def make_coco(root):
    boxes = [(1, 18, [5.5, 6, 20, 10]), (1, 1, [0, 0, 0, 10]), (2, 1, [1, 2, 30.5, 40])]
    instances = [
        {"image_id": image, "category_id": kind, "bbox": box, "iscrowd": 0}
        for image, kind, box in boxes
    ]
    crowd = {"image_id": 2, "category_id": 1, "bbox": [0, 0, 50, 50], "iscrowd": 1}
    content = {
        "images": [{"id": i, "file_name": f"{i:012d}.jpg"} for i in (1, 2)],
        "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}],
        "annotations": [*instances, crowd],
    }
    _write(root / "annotations/instances_train2017.json", json.dumps(content))
    for i in (1, 2):
        _picture(root / "train2017" / f"{i:012d}.jpg")
    return {
        ("dog", 0): [(0, (5.5, 6, 20, 10))],
        ("person", 1): [(0, (1, 2, 30.5, 40))],
    }


def make_youtube_bb(root):
    rows = [
        ("AAB6lO-XiKE", 238000, 0, "person", 0, "present", 0.25, 0.75, 0.5, 1.0),
        ("AAB6lO-XiKE", 239000, 0, "person", 0, "absent", -1.0, -1.0, -1.0, -1.0),
        ("AAB6lO-XiKE", 240000, 0, "person", 0, "present", 0.5, 0.75, 0.5, 1.0),
        ("AAB6lO-XiKE", 240000, 0, "person", 1, "present", 0.0, 0.5, 0.0, 0.5),
        ("vanished_ab", 1000, 23, "car", 0, "present", 0.0, 0.5, 0.0, 0.5),
    ]
    lines = [",".join(map(str, row)) for row in rows]
    _write(root / "yt_bb_detection_train.csv", "\n".join(lines) + "\n")
    for time, item in ((238000, 0), (240000, 0), (240000, 1)):
        _picture(root / f"yt_bb_detection_train/0/AAB6lO-XiKE_{time}_0_{item}.jpg")
    return {
        ("person", 0): [(7212, (20, 30, 40, 30)), (7272, (40, 30, 20, 30))],
        ("person", 0, "second"): [(7272, (0, 0, 40, 30))],
    }


def make_got10k(root):
    folder = root / "train/GOT-10k_Train_000001"
    _write(
        folder / "groundtruth.txt", "11.0,21.0,30.0,10.0\n12,21,30,10\n13,21,30,10\n14,21,30,9\n"
    )
    _write(folder / "absence.label", "0\n1\n0\n0\n")
    _write(folder / "cover.label", "8\n8\n0\n7\n")
    _write(folder / "meta_info.ini", "[METAINFO]\nobject_class: anteater\nmotion_class: walking\n")
    for number in (1, 4):
        _picture(folder / f"{number:08d}.jpg")
    return {("anteater", 0): [(1, (10, 20, 30, 10)), (4, (13, 20, 30, 9))]}


def make_lasot(root):
    for name in ("airplane-1", "airplane-2"):
        folder = root / "airplane" / name
        _write(folder / "groundtruth.txt", "11,21,30,10\n0,0,0,0\n13,21,30,10\n14,21,30,9\n")
        _write(folder / "full_occlusion.txt", "0,0,1,0")
        _write(folder / "out_of_view.txt", "0,1,0,0\n")
        for number in (1, 4):
            _picture(folder / "img" / f"{number:08d}.jpg")
    _write(root / "training_set.txt", "airplane-2\n")
    return {("airplane", 0): [(1, (10, 20, 30, 10)), (4, (13, 20, 30, 9))]}


def make_trackingnet(root):
    _write(root / "TRAIN_0/anno/00LoQGCmmHU_0.txt", "10.5,20,30,10\n11.5,20,30,10\n")
    for number in (0, 1):
        _picture(root / f"TRAIN_0/frames/00LoQGCmmHU_0/{number}.jpg")
    return {(None, 0): [(0, (10.5, 20, 30, 10)), (1, (11.5, 20, 30, 10))]}


def make_crops(root):
    entries = []
    for frame in (5, 0):
        name = f"video/UAV_car/{frame:05d}.jpg"
        entries.append((name, "video", "UAV/car", {"frame": frame}))
    entries += [(f"still/drone-net/{i:05d}.jpg", "still", "drone-net", {}) for i in (0, 1)]
    entries += [(f"still/DAVIS/{i:05d}.jpg", "still", "DAVIS", {}) for i in (0, 1)]
    content = [
        {"file": file, "box": [10, 20, 30, 10], "kind": kind, "source": source, **more}
        for file, kind, source, more in entries
    ]
    _write(root / "index.json", json.dumps(content))
    for entry in content:
        _picture(root / entry["file"])
    box = (10, 20, 30, 10)
    still = [(0, box)]
    return {
        (None, 0): [(0, box), (5, box)],
        ("drone", 1): still,
        ("drone", 2): still,
        (None, 3, "first"): still,
        (None, 3, "second"): still,
    }


MAKERS = {name: globals()[f"make_{name}"] for name in READERS}
BROKEN = {
    "imagenet_vid": "Annotations/VID/train/*/*/000001.xml",
    "imagenet_det": "Annotations/DET/train/*/*/*_1.xml",
    "coco": "annotations/instances_train2017.json",
    "youtube_bb": "yt_bb_detection_train.csv",
    "got10k": "train/GOT-10k_Train_000001/*.*",
    "lasot": "airplane/airplane-2/*.txt",
    "trackingnet": "TRAIN_0/anno/*.txt",
    "crops": "index.json",
}


@pytest.mark.parametrize("name", READERS)
def test_tracks_are_those_of_the_layout(tmp_path, name):
    expected = MAKERS[name](tmp_path)
    tracks = read_tracks(name, tmp_path)
    assert len(tracks) == len(expected)
    for track, ((category, scene, *_), sightings) in enumerate(expected.items()):
        assert tracks.category(track) == category
        assert tracks.scenes[track] == scene
        assert tracks.lengths[track] == len(sightings)
        assert tracks.frames(track).tolist() == [frame for frame, _ in sightings]
        for index, (frame, box) in enumerate(sightings):
            sighting = tracks.sighting(track, index)
            assert sighting.frame == frame
            assert tuple(sighting.box) == pytest.approx(box, abs=1e-4)
            assert cv2.imread(str(sighting.path)).shape == (*SIZE[::-1], 3)


@pytest.mark.parametrize("name", READERS)
def test_malformed_file_is_named(tmp_path, name):
    MAKERS[name](tmp_path)
    files = [path for path in tmp_path.glob(BROKEN[name]) if path.suffix != ".jpg"]
    assert files
    for file in files:
        content = file.read_text()
        for broken in ("{not;this", "", "[1]"):
            file.write_text(broken)
            with pytest.raises(DataError, match=file.name):
                read_tracks(name, tmp_path)
        file.write_text(content)


@pytest.mark.parametrize("name", READERS)
def test_empty_folder_is_an_error(tmp_path, name):
    with pytest.raises(DataError, match=str(tmp_path)):
        read_tracks(name, tmp_path)


def test_unknown_layout_lists_the_valid_ones(tmp_path):
    with pytest.raises(DataError, match=r"'imagenet'.*imagenet_vid, imagenet_det, coco"):
        read_tracks("imagenet", tmp_path)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        read_tracks("coco", tmp_path / "nowhere")


def test_lasot_without_a_list_gives_all_videos(tmp_path):
    make_lasot(tmp_path)
    (tmp_path / "training_set.txt").unlink()
    assert len(read_tracks("lasot", tmp_path)) == 2


def test_vid_object_without_a_track_is_an_error(tmp_path):
    make_imagenet_vid(tmp_path)
    file = next(tmp_path.glob("Annotations/VID/train/*/*/000001.xml"))
    file.write_text(_xml([("n02084071", None, 1, 2, 3, 4)]))
    with pytest.raises(DataError, match=r"000001\.xml.*trackid"):
        read_tracks("imagenet_vid", tmp_path)


@pytest.mark.parametrize("progressive", [0, 1])
def test_size_of_a_jpeg_is_read_from_its_header(tmp_path, progressive):
    path = tmp_path / "a.jpg"
    picture = np.zeros((37, 1021, 3), np.uint8)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])
    assert jpeg_size(path) == (1021, 37)


def test_size_of_what_is_no_jpeg_is_an_error(tmp_path):
    for content in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10"):
        (tmp_path / "a.jpg").write_bytes(content)
        with pytest.raises(DataError, match=r"a\.jpg"):
            jpeg_size(tmp_path / "a.jpg")


def _tracks(names, lengths=(1, 3)):
    builder = TracksBuilder()
    for index, name in enumerate(names):
        length = lengths[index % len(lengths)]
        pattern = path_pattern(f"100%/{name}", "%(frame)03d", ".jpg")
        boxes = [(index, frame, 10 + frame, 10) for frame in range(length)]
        builder.add(pattern, range(length), boxes, category=name, scene=index)
    return builder.build("here")


def test_joined_tracks_keep_sightings_and_share_categories():
    joined = join([_tracks(["dog", None]), _tracks(["cat", "dog", "dog"])])
    assert [joined.category(i) for i in range(5)] == ["dog", None, "cat", "dog", "dog"]
    assert len(set(joined.scenes.tolist())) == 5
    assert joined.lengths.tolist() == [1, 3, 1, 3, 1]
    last = joined.sighting(3, 2)
    assert (str(last.path), last.box.x, last.frame) == ("100%/dog/002.jpg", 1, 2)


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
