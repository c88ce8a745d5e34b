"""What takes long and is needed once, done before the nodes start."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from tadt_tracking.demo.processes import Children
from tadt_tracking.weights import cache_folder, fetch

# Trackers, and the weights of their variants, the default one first ("": there is but one). The
# registry of trackers takes seconds to load.
WEIGHTS = {
    "tadt": {"": "vgg16-oxford"},
    "hcf": {"": "vgg19-oxford"},
    "dasiamrpn": {"narrow": "siamrpn-narrow", "r50": "siamrpn-r50"},
}
DEFAULT_TRACKER = "tadt"
BUILD = "from tadt_tracking import create_tracker; create_tracker({tracker!r}, **{options!r})"
TIMEOUT_S = 300.0
ENGINES = Path(__file__).parents[1] / "engines"  # what makes networks small


def options_of(variant: str) -> dict[str, str]:
    """Return the tracker's options that make it the variant."""
    return {"variant": variant} if variant else {}


def prepare(logs: Path, tracker: str, variant: str, tell: Callable[[str], None]) -> None:
    """Fetch the tracker's weights and, where OpenVINO is installed, have the network made small.

    Whether that has been done is told by a file in the cache: to look closer takes torch, which
    takes seconds to load. Should the file be wrong, the node prepares the network itself.

    Args:
        logs: folder for the log of the process that builds the tracker.
        tracker: a key of `WEIGHTS`.
        variant: a key of what is there.
        tell: takes lines for people.

    Raises:
        WeightsError: the weights cannot be fetched.
        ChildFailed: the tracker cannot be built.
    """
    fetch(WEIGHTS[tracker][variant])
    done = _done_file(WEIGHTS[tracker][variant])
    if done is None or done.exists():
        return
    tell(
        "preparing the network for this machine, once (quantising it takes up to a minute, longer "
        "on a busy machine)"
    )
    with Children(logs, dict(os.environ)) as children:
        code = BUILD.format(tracker=tracker, options=options_of(variant))
        build = [sys.executable, "-c", code]
        children.wait(children.start("preparation", build), TIMEOUT_S)
    done.parent.mkdir(parents=True, exist_ok=True)
    done.touch()


def _done_file(weights: str) -> Path | None:
    """Return the file that is there once all is prepared; None where there is nothing to do."""
    try:
        versions = [f"{name}-{metadata.version(name)}" for name in ("openvino", "nncf")]
    except metadata.PackageNotFoundError:
        return None
    makers = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(ENGINES.glob("*.py"))))
    return cache_folder() / "-".join(["prepared", weights, *versions, makers.hexdigest()[:16]])
