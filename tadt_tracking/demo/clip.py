"""The default clip, rendered from photographs: a cat's face that moves, turns, grows and shrinks.

A mirrored cat passes by. While the target is almost at rest, an astronaut walks past and hides it,
so that it comes out again near where it went in; then it hurries on. The camera pans and trembles,
the light changes, the sensor has noise. The same seed gives the same pictures and the same truth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.interpolate import PchipInterpolator
from tqdm import tqdm

from tadt_tracking.demo import cutouts
from tadt_tracking.demo.cutouts import ASTRONAUT, CAT_FACE, Pose, cut_out, resized_photograph

WIDTH, HEIGHT = 640, 480
FRAMES = 200
RATE_HZ = 15.0
HIDDEN_BELOW = 0.25  # visible share under which the target counts as hidden

_NOISE = 3.0  # standard deviation of the sensor's noise, grey levels
_LIGHT = 0.08  # amplitude of the change of light
_TREMBLE_PX = 1.2  # standard deviation of the camera's shake

# Keyframes: (frame, x, y, scale, degrees); between them, monotone cubic interpolation.
_TARGET = (
    (0, 150, 200, 1.0, 0),
    (30, 265, 140, 0.8, -16),
    (60, 405, 190, 1.0, 16),
    (88, 430, 330, 1.3, 5),
    (108, 400, 398, 1.05, 0),
    (135, 385, 394, 1.0, -6),
    (156, 372, 388, 0.95, -10),
    (174, 290, 250, 0.8, -20),
    (186, 410, 150, 0.7, 8),
    (199, 510, 240, 1.3, 20),
)
_LOOKALIKE = ((0, -60, 60, 0.75, 0), (18, -60, 60, 0.75, 0), (118, 720, 120, 0.75, -15))
_PASSER_BY = ((0, 800, 345, 1.0, 0), (76, 800, 345, 1.0, 0), (182, -160, 345, 1.0, 0))
_VIEW = ((0, 0, 40, 1.0, 0), (90, 180, 130, 1.0, 0), (200, 300, 30, 1.0, 0))


class ClipError(ValueError):
    """A folder that does not hold a rendered clip; the message names it."""


@dataclass(frozen=True)
class Frame:
    """One rendered picture and what is true of it.

    Attributes:
        picture: HEIGHT x WIDTH x 3, uint8, BGR.
        box: the target's upright box (x, y, w, h), pixels; NaN while the target is hidden.
        visible: share of the target that can be seen, in [0, 1].
    """

    picture: np.ndarray
    box: tuple[float, float, float, float]
    visible: float


@dataclass(frozen=True)
class Clip:
    """A clip on disk.

    Attributes:
        pictures: folder of numbered pictures.
        truth: N x 4 boxes (x, y, w, h), pixels; NaN where the target is hidden.
        visible: N shares of the target that can be seen, in [0, 1].
    """

    pictures: Path
    truth: np.ndarray
    visible: np.ndarray


def render(frames: int = FRAMES, seed: int = 0) -> Iterator[Frame]:
    """Yield the first `frames` pictures of the clip with their truth."""
    random = np.random.default_rng(seed)
    scene = resized_photograph("coffee.png", 1.6).astype(np.float32)
    target = cut_out("chelsea.png", CAT_FACE, 0.36)
    lookalike = target.mirrored(brightness=0.85)
    passer_by = cut_out("astronaut.png", ASTRONAUT, 0.55)
    grain = random.normal(0, _NOISE, (HEIGHT + 64, WIDTH + 64, 3)).astype(np.float32)
    tremble = _smooth_noise(random, frames)
    for index in range(frames):
        shift = tremble[index]
        canvas = _view(scene, index, shift)
        cutouts.paste(canvas, lookalike, _pose(_LOOKALIKE, index, shift))
        pose = _pose(_TARGET, index, shift)
        own = cutouts.paste(canvas, target, pose)
        over = cutouts.paste(canvas, passer_by, _pose(_PASSER_BY, index, shift))
        visible = max(0.0, float((own * (1 - over)).sum() / own.sum()))
        hidden = visible < HIDDEN_BELOW
        box = (float("nan"),) * 4 if hidden else cutouts.bounds(target, pose)
        yield Frame(_expose(canvas, index, grain, random), box, visible)


def prepare(folder: Path, frames: int = FRAMES) -> Clip:
    """Return the clip in a subfolder of `folder`, rendered if it is not there yet.

    The subfolder's name changes with the code that renders, so that an old clip is never taken for
    the present one. The truth is written last: a clip without it was interrupted.
    """
    place = folder / f"clip-{_code_digest()}-{frames}"
    if not (place / "truth.csv").is_file():
        _write(place, frames)
    return read(place)


def read(place: Path) -> Clip:
    """Read a clip that :func:`prepare` wrote."""
    path = place / "truth.csv"
    if not path.is_file():
        raise ClipError(f"no rendered clip in {place}: {path.name} is missing")
    rows = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    return Clip(place / "frames", rows[:, 1:5], rows[:, 5])


def _write(place: Path, frames: int) -> None:
    pictures = place / "frames"
    pictures.mkdir(parents=True, exist_ok=True)
    rows = ["frame,x,y,w,h,visible"]
    progress = tqdm(render(frames), "rendering the clip", frames, unit="picture")
    for index, frame in enumerate(progress):
        path = pictures / f"{index:04d}.jpg"
        if not cv2.imwrite(str(path), frame.picture, [cv2.IMWRITE_JPEG_QUALITY, 95]):
            raise OSError(f"cannot write picture {path}")
        values = ",".join(f"{value:.3f}" for value in (*frame.box, frame.visible))
        rows.append(f"{index},{values}")
    (place / "truth.csv").write_text("\n".join(rows) + "\n")


def _code_digest() -> str:
    code = b"".join(Path(name).read_bytes() for name in (__file__, cutouts.__file__))
    return hashlib.sha256(code).hexdigest()[:8]


def _pose(keys: tuple[tuple[float, ...], ...], index: int, shift: np.ndarray) -> Pose:
    times, *columns = np.array(keys, float).T
    x, y, scale, degrees = (float(PchipInterpolator(times, column)(index)) for column in columns)
    return Pose(x + shift[0], y + shift[1], scale, degrees)


def _view(scene: np.ndarray, index: int, shift: np.ndarray) -> np.ndarray:
    """Cut the camera's view, WIDTH x HEIGHT, out of the panned scene, to a fraction of a pixel."""
    corner = _pose(_VIEW, index, -shift)
    matrix = np.array([[1.0, 0.0, -corner.x], [0.0, 1.0, -corner.y]])
    return cv2.warpAffine(scene, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)


def _expose(
    canvas: np.ndarray, index: int, grain: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Apply light and noise: float32 to uint8."""
    light = 1 + _LIGHT * np.sin(2 * np.pi * index / 90)
    top, left = random.integers(0, 64, 2)
    noisy = canvas * np.float32(light) + grain[top : top + HEIGHT, left : left + WIDTH]
    return np.clip(noisy + 0.5, 0, 255).astype(np.uint8)


def _smooth_noise(random: np.random.Generator, frames: int) -> np.ndarray:
    """Return the shake of a camera in the hand: frames x 2, pixels."""
    kernel = np.hanning(9)[1:-1]
    raw = random.normal(0, 1, (2, FRAMES + len(kernel)))[:, : frames + len(kernel)]
    smooth = [np.convolve(row, kernel, "valid")[:frames] for row in raw]
    return np.stack(smooth, axis=1) * _TREMBLE_PX / np.linalg.norm(kernel)
