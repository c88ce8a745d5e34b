"""Draws what the tracker believes onto a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tadt_tracking.box import Box

Color = tuple[int, int, int]  # BGR

STATE_COLORS: dict[str, Color] = {
    "IDLE": (160, 160, 160),
    "TRACKING": (96, 220, 70),
    "UNCERTAIN": (40, 190, 255),
    "LOST": (70, 70, 245),
    "SEARCHING": (245, 120, 200),
}
_NOT_SEEN = ("LOST", "SEARCHING")
_DARK: Color = (28, 24, 22)
_LIGHT: Color = (245, 245, 245)
_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True)
class Overlay:
    """What to draw.

    Attributes:
        state: a key of `STATE_COLORS`.
        score: confidence in [0, 1].
        box: the believed box in pixels, None to draw none. It is dashed while not seen.
        search: where the target was looked for, in pixels; None to draw none.
        caption: a line for the lower left corner.
    """

    state: str
    score: float
    box: Box | None = None
    search: Box | None = None
    caption: str = ""


def draw(picture: np.ndarray, overlay: Overlay) -> np.ndarray:
    """Return a copy of `picture` (H x W x 3, uint8, BGR) with `overlay` drawn on it.

    Raises:
        ValueError: the state is none of `STATE_COLORS`.
    """
    if overlay.state not in STATE_COLORS:
        raise ValueError(f"unknown state {overlay.state!r}; valid are: {', '.join(STATE_COLORS)}")
    canvas = picture.copy()
    color = STATE_COLORS[overlay.state]
    unit = max(1.0, min(picture.shape[:2]) / 480)
    if overlay.search is not None:
        _corners(canvas, overlay.search, unit)
    label = f"{overlay.state} {overlay.score:.2f}"
    if overlay.box is None:
        _chip(canvas, label, (round(8 * unit), round(8 * unit)), color, _DARK, unit)
    else:
        outline = _dashed if overlay.state in _NOT_SEEN else _solid
        outline(canvas, overlay.box, color, unit)
        _chip(canvas, label, _label_place(overlay.box, unit), color, _DARK, unit)
    if overlay.caption:
        _chip(canvas, overlay.caption, (0, canvas.shape[0]), _DARK, _LIGHT, unit)
    return canvas


def _ends(box: Box) -> tuple[tuple[int, int], tuple[int, int]]:
    return (round(box.x), round(box.y)), (round(box.x + box.w), round(box.y + box.h))


def _solid(canvas: np.ndarray, box: Box, color: Color, unit: float) -> None:
    low, high = _ends(box)
    cv2.rectangle(canvas, low, high, _DARK, round(4 * unit), cv2.LINE_AA)
    cv2.rectangle(canvas, low, high, color, round(2 * unit), cv2.LINE_AA)


def _dashed(canvas: np.ndarray, box: Box, color: Color, unit: float) -> None:
    (left, top), (right, bottom) = _ends(box)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        dashes = max(2, round(np.hypot(*np.subtract(end, start)) / (14 * unit)))
        stops = np.linspace(start, end, 2 * dashes).round().astype(int).tolist()
        for first, last in zip(stops[0::2], stops[1::2], strict=True):
            cv2.line(canvas, first, last, _DARK, round(4 * unit), cv2.LINE_AA)
            cv2.line(canvas, first, last, color, round(2 * unit), cv2.LINE_AA)


def _corners(canvas: np.ndarray, box: Box, unit: float) -> None:
    """Mark the four corners of a region, quietly."""
    (left, top), (right, bottom) = _ends(box)
    arm = round(12 * unit)
    for x, toward_x in ((left, arm), (right, -arm)):
        for y, toward_y in ((top, arm), (bottom, -arm)):
            for tip in ((x + toward_x, y), (x, y + toward_y)):
                cv2.line(canvas, (x, y), tip, _DARK, round(2 * unit) + 1, cv2.LINE_AA)
                cv2.line(canvas, (x, y), tip, _LIGHT, round(unit), cv2.LINE_AA)


def _label_place(box: Box, unit: float) -> tuple[int, int]:
    """Return the lower left corner of a label just above the box."""
    return round(box.x - 2 * unit), round(box.y - 4 * unit)


def _chip(
    canvas: np.ndarray, text: str, place: tuple[int, int], fill: Color, ink: Color, unit: float
) -> None:
    """Write `text` on a filled strip with its lower left corner at `place`, kept in the picture."""
    scale, pad = 0.45 * unit, round(5 * unit)
    (width, height), baseline = cv2.getTextSize(text, _FONT, scale, 1)
    width, height = width + 2 * pad, height + baseline + pad
    rows, columns = canvas.shape[:2]
    left = max(0, min(place[0], columns - width))
    bottom = min(rows, max(place[1], height))
    cv2.rectangle(canvas, (left, bottom - height), (left + width, bottom), fill, cv2.FILLED)
    origin = (left + pad, bottom - baseline - pad // 2)
    cv2.putText(canvas, text, origin, _FONT, scale, ink, 1, cv2.LINE_AA)
