"""Networks made small: low ranks and int8, done once for a network and kept in the cache."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tadt_tracking.engines.low_rank import low_rank
from tadt_tracking.engines.openvino_runtime import core, openvino
from tadt_tracking.networks.base import TappedNetwork
from tadt_tracking.photographs import photograph
from tadt_tracking.weights.store import cache_folder, digest

_LOG = logging.getLogger(__name__)

# Photographs that lie in the package scikit-image itself.
PHOTOGRAPHS = (
    *("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"),
    *("camera.png", "coins.png", "brick.png", "grass.png", "hubble_deep_field.jpg"),
)
WINDOWS = 120
SIDE = 180  # pixels of a window shown to the network
FITTED = 40  # of the windows, to which smaller convolutions are fitted
SMALLEST = 40  # pixels of a photograph that a window spans at least


def is_possible() -> bool:
    """Whether int8 networks can be made here: NNCF, and photographs to calibrate on."""
    return all(importlib.util.find_spec(name) for name in ("nncf", "skimage"))


def quantized(
    network: TappedNetwork,
    taps: tuple[str, ...],
    export: Callable[[TappedNetwork, tuple[str, ...]], Any],
) -> Any:
    """Return a network with weights and activations in int8, as an `openvino.Model`.

    Before that smaller convolutions take the places of its large ones (`low_rank`).

    Args:
        network: the network with its weights, float32.
        taps: the layers that are its outputs.
        export: makes a float32 `openvino.Model` of a network and taps; called only where the cache
            has no result.
    """
    windows = calibration_windows()
    path = cache_folder() / f"int8-{_key(network, taps, windows)[:16]}"
    if not path.exists():
        _LOG.info("quantising a network to int8, once: up to a minute")
        model = _quantize(export(low_rank(network, taps, windows[:FITTED]), taps), windows)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            made = Path(scratch) / "model"
            openvino().save_model(model, made / "model.xml", compress_to_fp16=False)
            if not path.exists():  # else another process was faster
                made.rename(path)
    return core().read_model(path / "model.xml")


def calibration_windows() -> np.ndarray:
    """Cut the windows of photographs on which ranges of activations are measured.

    Returns:
        WINDOWS x SIDE x SIDE x 3, uint8, BGR; the same ones every time.
    """
    rng = np.random.default_rng(0)
    pictures = [photograph(name) for name in PHOTOGRAPHS]
    return np.stack([_window(pictures[i % len(pictures)], rng) for i in range(WINDOWS)])


def _window(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut a square of random size and place."""
    height, width = picture.shape[:2]
    side = int(np.exp(rng.uniform(np.log(SMALLEST), np.log(min(height, width)))))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    return cv2.resize(picture[top : top + side, left : left + side], (SIDE, SIDE))


def _quantize(model: Any, windows: np.ndarray) -> Any:
    import nncf
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    nncf.set_log_level(logging.ERROR)
    dataset = nncf.Dataset([window[None] for window in windows])
    # A layer's range is the median of the windows' ranges, so that a few windows of extreme
    # activations do not make the steps coarse for all (docs/benchmarks.md, "What int8 costs").
    ranges = RangeEstimatorParametersSet.MEDIAN_MINMAX
    return nncf.quantize(
        model,
        dataset,
        subset_size=len(windows),
        preset=nncf.QuantizationPreset.MIXED,  # signed where activations are
        ignored_scope=nncf.IgnoredScope(names=[_first_convolution(model)]),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            activations_range_estimator_params=ranges
        ),
    )


def _first_convolution(model: Any) -> str:
    """Return the name of the convolution that sees the picture: it stays as exact as it is."""
    nodes = model.get_ordered_ops()
    return next(n.get_friendly_name() for n in nodes if n.get_type_name() == "Convolution")


def _key(network: TappedNetwork, taps: tuple[str, ...], windows: np.ndarray) -> str:
    """Return a checksum of all that a quantised network depends on, its makers among it."""
    versions = [importlib.metadata.version(name) for name in ("nncf", "openvino")]
    sha = hashlib.sha256(
        repr((digest(network.state_dict()), network.large, taps, versions)).encode()
    )
    sha.update(windows.tobytes())
    for maker in (__name__, low_rank.__module__):
        sha.update(Path(sys.modules[maker].__file__).read_bytes())
    return sha.hexdigest()
