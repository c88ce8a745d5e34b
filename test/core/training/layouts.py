"""Tiny trees in the published layouts of data sets.

Each maker returns what a reader should find there: (category, scene) of each track, and its frames
and boxes.
"""

import json

import cv2
import numpy as np

from tadt_tracking.training.data import READERS

SIZE = (80, 60)


def picture(path, content=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    content = np.zeros((*SIZE[::-1], 3), np.uint8) if content is None else content
    assert cv2.imwrite(str(path.with_suffix(".jpg")), content)
    path.with_suffix(".jpg").rename(path)


def crop(outside, seed):
    """A part of a photograph, noise, with the colour outside of it on the right, or none there."""
    picture = np.random.default_rng(seed).integers(0, 255, (*SIZE[::-1], 3), dtype=np.uint8)
    if outside:
        picture[:, -16:] = outside
    return picture


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def xml(objects):
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
        write(root / "Annotations" / video / f"{number:06d}.xml", xml(objects))
        picture(root / "Data" / video / f"{number:06d}.JPEG")
    return {
        ("n02084071", 0): [(0, (10, 20, 30, 10)), (2, (12, 20, 30, 10))],
        ("n02958343", 0): [(0, (1, 2, 10, 10)), (1, (2, 2, 10, 10))],
    }


def make_imagenet_det(root):
    folder = "DET/train/ILSVRC2013_train/n02084071"
    objects = [("n02084071", None, 10, 20, 40, 30), ("n02958343", None, 1, 2, 11, 12)]
    write(root / "Annotations" / folder / "n02084071_1.xml", xml(objects))
    picture(root / "Data" / folder / "n02084071_1.JPEG")
    write(root / "Annotations" / folder / "n02084071_2.xml", xml([]))
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
    write(root / "annotations/instances_train2017.json", json.dumps(content))
    for i in (1, 2):
        picture(root / "train2017" / f"{i:012d}.jpg")
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
    write(root / "yt_bb_detection_train.csv", "\n".join(lines) + "\n")
    for time, item in ((238000, 0), (240000, 0), (240000, 1)):
        picture(root / f"yt_bb_detection_train/0/AAB6lO-XiKE_{time}_0_{item}.jpg")
    return {
        ("person", 0): [(7212, (20, 30, 40, 30)), (7272, (40, 30, 20, 30))],
        ("person", 0, "second"): [(7272, (0, 0, 40, 30))],
    }


def make_got10k(root):
    folder = root / "train/GOT-10k_Train_000001"
    write(folder / "groundtruth.txt", "11.0,21.0,30.0,10.0\n12,21,30,10\n13,21,30,10\n14,21,30,9\n")
    write(folder / "absence.label", "0\n1\n0\n0\n")
    write(folder / "cover.label", "8\n8\n0\n7\n")
    write(folder / "meta_info.ini", "[METAINFO]\nobject_class: anteater\nmotion_class: walking\n")
    for number in (1, 4):
        picture(folder / f"{number:08d}.jpg")
    return {("anteater", 0): [(1, (10, 20, 30, 10)), (4, (13, 20, 30, 9))]}


def make_lasot(root):
    for name in ("airplane-1", "airplane-2"):
        folder = root / "airplane" / name
        write(folder / "groundtruth.txt", "11,21,30,10\n0,0,0,0\n13,21,30,10\n14,21,30,9\n")
        write(folder / "full_occlusion.txt", "0,0,1,0")
        write(folder / "out_of_view.txt", "0,1,0,0\n")
        for number in (1, 4):
            picture(folder / "img" / f"{number:08d}.jpg")
    write(root / "training_set.txt", "airplane-2\n")
    return {("airplane", 0): [(1, (10, 20, 30, 10)), (4, (13, 20, 30, 9))]}


def make_trackingnet(root):
    write(root / "TRAIN_0/anno/00LoQGCmmHU_0.txt", "10.5,20,30,10\n11.5,20,30,10\n")
    for number in (0, 1):
        picture(root / f"TRAIN_0/frames/00LoQGCmmHU_0/{number}.jpg")
    return {(None, 0): [(0, (10.5, 20, 30, 10)), (1, (11.5, 20, 30, 10))]}


def make_crops(root):
    entries = []
    for frame in (5, 0):
        name = f"video/UAV_car/{frame:05d}.jpg"
        entries.append((name, "video", "UAV/car", {"frame": frame}))
    one, other = (110, 96, 87), (96, 110, 87)
    outside = {"drone-net": [one, other, None, None, one], "DAVIS": [one, None], "raccoon": [one]}
    for source, colours in outside.items():
        for i, colour in enumerate(colours):
            entries.append((f"still/{source}/{i:05d}.jpg", "still", source, {}))
            picture(root / entries[-1][0], crop(colour, i))
    content = [
        {"file": file, "box": [10, 20, 30, 10], "kind": kind, "source": source, **more}
        for file, kind, source, more in entries
    ]
    write(root / "index.json", json.dumps(content))
    for entry in content[:2]:
        picture(root / entry["file"])
    box = (10, 20, 30, 10)
    still = [(0, box)]
    return {
        (None, 0): [(0, box), (5, box)],
        ("drone", 1, "first"): still,
        ("drone", 2): still,
        ("drone", 3): still,
        ("drone", 4): still,
        ("drone", 1, "second"): still,
        (None, 5, "first"): still,
        (None, 5, "second"): still,
        ("raccoon", 6): still,
    }


MAKERS = {name: globals()[f"make_{name}"] for name in READERS}
