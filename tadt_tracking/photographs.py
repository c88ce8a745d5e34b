"""Photographs that lie in the package scikit-image: for calibration, and for the demo."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def photograph(name: str) -> np.ndarray:
    """Read a photograph of scikit-image, an optional dependency: H x W x 3, uint8, BGR.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    import skimage

    path = Path(skimage.__file__).parent / "data" / name
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(f"scikit-image {skimage.__version__} has no photograph {path}")
    return picture
