"""The architecture's rules, read off the imports: they point downwards only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tadt_tracking"
# Each may import what stands in lower layers, and its own.
LAYERS = [
    {"box", "camera_model", "cores", "crops", "photographs", "result", "settings"},
    {"networks", "ops"},
    {"engines", "weights"},
    {"trackers"},
    {"session"},
]
# What several clients share: no client, and nothing below them needs it.
SHARED = {"command_line", "overlay", "recording", "video"}
CLIENTS = {"evaluation", "ros", "training"}
DEMO = {"demo"}  # runs the nodes and judges them by the measures of evaluation


def _imports(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _files(part):
    return (
        [PACKAGE / f"{part}.py"]
        if (PACKAGE / f"{part}.py").exists()
        else list((PACKAGE / part).rglob("*.py"))
    )


def _require(part, allowed):
    """Fail if a part imports another of this package that is not allowed."""
    for path in _files(part):
        for module in _imports(path):
            if module.startswith("tadt_tracking."):
                assert module.split(".")[1] in allowed, f"{path.name} imports {module}"


@pytest.mark.parametrize("level", range(len(LAYERS)))
def test_core_imports_point_downwards(level):
    for part in LAYERS[level]:
        _require(part, set().union(*LAYERS[: level + 1]))


@pytest.mark.parametrize("part", sorted(SHARED | CLIENTS))
def test_clients_import_neither_each_other_nor_the_demo(part):
    own = {"ros": {"ros", "msg"}}.get(part, {part})  # msg: the generated messages
    _require(part, set().union(*LAYERS, SHARED, own))


def test_every_part_has_its_layer():
    found = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    known = set().union(*LAYERS, SHARED, CLIENTS, DEMO, {"__init__"})
    assert found <= known, found - known


def test_core_needs_no_ros():
    code = (
        "import sys; sys.modules['rclpy'] = None; sys.modules['sensor_msgs'] = None\n"
        "from tadt_tracking import create_tracker; create_tracker('tadt')\n"
        "assert not any(name.startswith('tadt_tracking.ros') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parent)
