"""The virtual environment `.venv`: Python packages, headers, and how commands run in it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PYTHON_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
SITE_PACKAGES = VENV / "lib" / PYTHON_NAME / "site-packages"
PYTHON_HEADERS = VENV / "python-headers"

REQUIREMENTS = ROOT / "requirements"
CONSTRAINTS = REQUIREMENTS / "constraints.txt"
# Modules of core.txt that rosdep installs too. A sourced ROS is compiled against its own.
MODULES_FROM_ROS = {"numpy": "numpy", "opencv-python-headless": "cv2", "torch": "torch"}


class SetupError(Exception):
    """What keeps the environment from being made, and what the user can do about it."""


def make_environment(files: list[Path], optional: Path, sourced: bool) -> None:
    """Create the virtual environment anew and install all packages.

    Anew even where one stands: pip cannot tell a package that was half unpacked from a whole one.

    Args:
        files: requirements without which nothing works.
        optional: requirements that some machines cannot have.
        sourced: whether a ROS distribution is set up in this shell.
    """
    check_machine()
    visible = ["--system-site-packages"] if sourced else []
    call([sys.executable, "-m", "venv", "--clear", *visible, str(VENV)], outer_environment(sourced))
    pins = [pin for file in files for pin in read_pins(file)]
    if sourced:
        pins = [pin for pin in pins if not comes_with_ros(pin)]
    install(pins, sourced)
    install_optional(pins, optional, sourced)
    if not sourced:
        if not has_python_header(find_python_headers()):
            fetch_python_headers()
        repair_exported_paths()


def install(pins: list[str], sourced: bool) -> None:
    """Let pip install packages, and what they bring along in the versions of `CONSTRAINTS`."""
    # Compiling all modules would take as long as all else; Python compiles those that it imports.
    options = ["--no-compile", "--disable-pip-version-check", "-qq"]
    pip = [str(PYTHON), "-m", "pip", "install", *options, "--constraint", str(CONSTRAINTS)]
    call([*pip, *pins], inner_environment(sourced))


def install_optional(pins: list[str], file: Path, sourced: bool) -> None:
    """Install the packages of a file; where that cannot be done, say so in one line and go on.

    Args:
        pins: what is installed already, named again so that it stays as it is.
        file: the requirements to add.
        sourced: whether a ROS distribution is set up in this shell.
    """
    try:
        install([*pins, *read_pins(file)], sourced)
    except SetupError as error:
        told = [line for line in str(error).splitlines() if line.startswith("ERROR: ")]
        reason = told[-1].removeprefix("ERROR: ") if told else "pip failed"
        print(
            f"setup: going on without the packages of {file.relative_to(ROOT)}, which says what "
            f"they are for: {reason}. To try again: make clean setup",
            file=sys.stderr,
        )


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


def is_importable(module: str) -> bool:
    """Whether the machine has a module, outside this repository and the environment in it.

    Both are seen where that environment is active and now made anew. Nor does a mere folder of that
    name count: Python takes it for a package without an origin.
    """
    spec = importlib.util.find_spec(module)
    return spec is not None and spec.origin is not None and ROOT not in Path(spec.origin).parents


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
