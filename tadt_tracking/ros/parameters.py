"""The parameters of tracker_node: its own and those of all trackers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.ros.declaration import declare, read
from tadt_tracking.ros.reports import NamedTracker
from tadt_tracking.settings import Settings, setting
from tadt_tracking.trackers import TRACKERS, create_tracker, tracker_class

_NEXT_ACTIVATION = "takes effect at the next activation"


@dataclass(frozen=True)
class NodeSettings(Settings):
    """Parameters of tracker_node beside those of computing and of the trackers."""

    tracker: str = setting(
        "tadt", "tracking method; can be changed while tracking", choices=tuple(TRACKERS)
    )
    autostart: bool = setting(True, "configure and activate by itself; read when the node starts")
    image_transport: str = setting(
        "raw",
        f"raw: Image on `image`, compressed: CompressedImage on `<image>/compressed`; "
        f"{_NEXT_ACTIVATION}",
        choices=("raw", "compressed"),
    )
    reliability: str = setting(
        "auto",
        "delivery asked of the image's publishers; auto: reliable when every publisher offers it, "
        f"else best effort; {_NEXT_ACTIVATION}",
        choices=("auto", "reliable", "best_effort"),
    )
    queue_depth: int = setting(
        5,
        f"images that the middleware holds until the node takes them; {_NEXT_ACTIVATION}",
        unit="frames",
        minimum=1,
        maximum=1000,
    )
    init_buffer: int = setting(
        30,
        "newest images kept for a /target_init whose stamp names an older one (one 1080p image "
        "takes 6 MB); takes effect at the next configuration",
        unit="frames",
        minimum=1,
        maximum=1000,
    )
    max_catch_up: int = setting(
        10,
        "at most how many of the images between that older one and now the tracker works "
        "through, evenly spread; takes effect at the next configuration",
        unit="frames",
        minimum=1,
        maximum=1000,
    )
    stall_seconds: float = setting(
        2.0,
        "time without an image after which diagnostics report a stall",
        unit="s",
        minimum=0.01,
        maximum=3600.0,
    )


# Every settings class that parameters are declared from, and what stands before their names.
GROUPS: tuple[tuple[str, type[Settings]], ...] = (
    ("", NodeSettings),
    ("", ComputeSettings),
    *((f"{name}.", tracker.Settings) for name, tracker in TRACKERS.items()),
)
_OF_COMPUTE = frozenset(field.name for field in dataclasses.fields(ComputeSettings))


@dataclass(frozen=True)
class TrackerChoice:
    """Which tracker to build, and how."""

    name: str
    compute: ComputeSettings
    settings: Settings

    def build(self) -> NamedTracker:
        """Make the tracker and pay its one-time costs.

        Raises:
            ValueError, RuntimeError, OSError: see `tadt_tracking.create_tracker`.
        """
        options = dataclasses.asdict(self.compute) | dataclasses.asdict(self.settings)
        tracker = create_tracker(self.name, **options)
        tracker.warm_up()
        return NamedTracker(self.name, tracker)


class NodeParameters:
    """The parameters of tracker_node: those of `GROUPS`."""

    def __init__(self, node: Node, tracker_changed: Callable[[TrackerChoice], None]) -> None:
        """Declare all, and from now on check what is set.

        Args:
            node: the node.
            tracker_changed: called with the new choice when it is about to be set.
        """
        self._node = node
        self._tracker_changed = tracker_changed
        for prefix, kind in GROUPS:
            declare(node, kind, prefix)
        node.add_on_set_parameters_callback(self._on_set)

    def node_settings(self) -> NodeSettings:
        """Return the node's own settings.

        Raises:
            SettingError: a value is out of range.
        """
        return read(self._node, NodeSettings)

    def tracker_choice(self) -> TrackerChoice:
        """Return the tracker to build.

        Raises:
            SettingError: unknown tracker, or a value out of range.
        """
        return self._choice({})

    def _choice(self, changes: Mapping[str, Any]) -> TrackerChoice:
        name = read(self._node, NodeSettings, "", changes).tracker
        compute = read(self._node, ComputeSettings, "", changes)
        settings = read(self._node, tracker_class(name).Settings, f"{name}.", changes)
        return TrackerChoice(name, compute, settings)

    def _on_set(self, parameters: list[Parameter]) -> SetParametersResult:
        changes = {parameter.name: parameter.value for parameter in parameters}
        try:
            for prefix, kind in GROUPS:
                read(self._node, kind, prefix, changes)
            choice = self._choice(changes)
            if not _OF_COMPUTE.isdisjoint(changes):
                Compute.choose(choice.compute)  # says what this machine does not have
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if any(self._makes_a_difference(name, changes[name], choice) for name in changes):
            self._tracker_changed(choice)
        return SetParametersResult(successful=True)

    def _makes_a_difference(self, name: str, value: Any, choice: TrackerChoice) -> bool:
        """Tell whether a parameter is part of the choice of tracker and has a new value."""
        part = name == "tracker" or name in _OF_COMPUTE or name.startswith(f"{choice.name}.")
        return part and self._node.get_parameter(name).value != value
