"""Readers: pictures of one scene are known as such, and each is read once."""

import json

import pytest
from layouts import make_imagenet_vid, make_youtube_bb, write, xml

from tadt_tracking.training.data import DataError, join, read_tracks


def test_a_video_of_youtube_is_one_scene_of_both_sets(tmp_path):
    make_youtube_bb(tmp_path / "yt")
    for name in ("AAB6lO-XiKE_0", "AAB6lO-XiKE_1", "00LoQGCmmHU_0"):
        write(tmp_path / f"tn/TRAIN_0/anno/{name}.txt", "10,20,30,10\n")
    sources = {"youtube_bb": tmp_path / "yt", "trackingnet": tmp_path / "tn"}
    joined = join([read_tracks(*source) for source in sources.items()])
    assert joined.scenes.tolist() == [0, 0, 1, 0, 0]


def test_snippets_of_a_video_are_one_scene(tmp_path):
    base = tmp_path / "Annotations/VID/train/ILSVRC2015_VID_train_0000"
    ends = ("00012000", "00012001", "00013000", "of_mine_7000")
    for end in ends:
        folder = base / f"ILSVRC2015_train_{end}"
        write(folder / "000000.xml", xml([("n02084071", 0, 10, 20, 40, 30)]))
    assert read_tracks("imagenet_vid", tmp_path).scenes.tolist() == [0, 0, 1, 2]


def test_links_among_annotations_are_not_read(tmp_path):
    make_imagenet_vid(tmp_path)
    base = tmp_path / "Annotations/VID"
    write(base / "val/video/000000.xml", xml([("n02084071", 0, 10, 20, 40, 30)]))
    (base / "train/a").symlink_to(base / "train/ILSVRC2015_VID_train_0000")
    (base / "train/e").symlink_to(base / "val")
    tracks = read_tracks("imagenet_vid", tmp_path)
    assert len(tracks) == 2
    assert all(b"train/ILSVRC2015" in pattern for pattern in tracks.patterns.tolist())


def _add_year(root, year, images):
    """Add a set of COCO that has one person in each image; returns the folder of its pictures."""
    box = {"category_id": 1, "bbox": [1, 2, 30, 40], "iscrowd": 0}
    content = {
        "images": [{"id": i, "file_name": f"{i}.jpg"} for i in images],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [{"image_id": i, **box} for i in images for _ in range(2)],
    }
    write(root / f"annotations/instances_train{year}.json", json.dumps(content))
    return root / f"train{year}"


def test_images_of_several_sets_of_coco_are_read_once(tmp_path):
    _add_year(tmp_path, 2014, (1, 2)).mkdir()
    _add_year(tmp_path, 2017, (3, 2)).mkdir()
    tracks = read_tracks("coco", tmp_path)
    names = [tracks.sighting(i, 0).path.relative_to(tmp_path) for i in range(len(tracks))]
    one_each = ["train2014/1.jpg", "train2014/2.jpg", "train2017/3.jpg"]
    assert list(map(str, names)) == [name for name in one_each for _ in range(2)]
    assert tracks.scenes.tolist() == [0, 0, 1, 1, 2, 2]


def test_annotations_of_coco_without_pictures_are_left_out_unless_all_are(tmp_path):
    _add_year(tmp_path, 2014, (1, 2))
    there = _add_year(tmp_path, 2017, (3, 2))
    with pytest.raises(DataError, match=r"train2014, .*train2017"):
        read_tracks("coco", tmp_path)
    there.mkdir()
    tracks = read_tracks("coco", tmp_path)
    assert len(tracks) == 4
    assert all(b"train2017/" in pattern for pattern in tracks.patterns.tolist())
