"""Opening files, folders and cameras."""

import cv2
import numpy as np
import pytest

from tadt_tracking.video import VideoError, open_video


def grey(level):
    return np.full((48, 64, 3), level, np.uint8)


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    for number in (10, 9, 1, 100):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), grey(number))
    (tmp_path / "notes.txt").write_text("not a picture")
    video = open_video(tmp_path)
    assert [picture[0, 0, 0] for picture in video.frames] == [1, 9, 10, 100]
    assert video.rate is None and not video.live


def test_a_file_tells_its_rate(tmp_path):
    path = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, (64, 48))
    for level in (20, 120, 220):
        writer.write(grey(level))
    writer.release()
    video = open_video(str(path))
    pictures = list(video.frames)
    assert video.rate == pytest.approx(12.5)
    assert [round(float(picture.mean()), -1) for picture in pictures] == [20, 120, 220]
    assert pictures[0].shape == (48, 64, 3) and pictures[0].dtype == np.uint8


@pytest.mark.parametrize("source", ["/no/such/video.mp4", "", "-1", "1.5"])
def test_a_source_that_is_not_there_is_named(source):
    with pytest.raises(VideoError, match=f"no video at '{source}'" if source else "folder"):
        open_video(source)


def test_a_camera_that_is_not_there_is_named():
    with pytest.raises(VideoError, match="camera 63"):
        open_video("63")


def test_a_folder_without_pictures_is_named(tmp_path):
    with pytest.raises(VideoError, match=str(tmp_path)):
        open_video(tmp_path)


def test_a_file_that_is_no_video_is_named(tmp_path):
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(VideoError, match="broken"):
        open_video(path)


def test_a_broken_picture_is_named_when_its_turn_comes(tmp_path):
    cv2.imwrite(str(tmp_path / "1.png"), grey(1))
    (tmp_path / "2.png").write_bytes(b"no picture")
    frames = open_video(tmp_path).frames
    next(frames)
    with pytest.raises(VideoError, match=r"2\.png"):
        next(frames)
