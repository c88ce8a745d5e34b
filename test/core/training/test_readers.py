"""Readers of data sets, each on a tiny tree in its published layout."""

import cv2
import numpy as np
import pytest
from layouts import MAKERS, SIZE, make_imagenet_vid, make_lasot, xml

from tadt_tracking.training.data import READERS, DataError, read_tracks
from tadt_tracking.training.data.readers.youtube_bb import jpeg_size

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
    file.write_text(xml([("n02084071", None, 1, 2, 3, 4)]))
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
