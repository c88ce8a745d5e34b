"""The architecture's rules, read off the imports: they point downwards only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tadt_tracking"
# Each may import what stands in lower layers, and its own.
LAYERS = [
    {"box", "cores", "crops", "photographs", "result", "settings"},
    {"networks", "ops"},
    {"engines", "weights"},
    {"trackers"},
]
CLIENTS = {"ros", "evaluation", "demo", "training"}


def _imports(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _files(part):
    return (
        [PACKAGE / f"{part}.py"]
        if (PACKAGE / f"{part}.py").exists()
        else list((PACKAGE / part).rglob("*.py"))
    )


@pytest.mark.parametrize("level", range(len(LAYERS)))
def test_core_imports_point_downwards(level):
    allowed = set().union(*LAYERS[: level + 1])
    for part in LAYERS[level]:
        for path in _files(part):
            for module in _imports(path):
                if module.startswith("tadt_tracking."):
                    assert module.split(".")[1] in allowed, f"{path.name} imports {module}"


def test_every_part_has_its_layer():
    found = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    known = set().union(*LAYERS) | CLIENTS | {"__init__", "video", "overlay", "recording"}
    assert found <= known, found - known


def test_core_needs_no_ros():
    code = (
        "import sys; sys.modules['rclpy'] = None; sys.modules['sensor_msgs'] = None\n"
        "from tadt_tracking import create_tracker; create_tracker('tadt')\n"
        "assert not any(name.startswith('tadt_tracking.ros') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parent)
