"""The parameters of tracker_node: its own and those of all trackers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from tadt_tracking.ros.declaration import declare, read
from tadt_tracking.ros.reports import NamedTracker
from tadt_tracking.settings import Settings, setting
from tadt_tracking.trackers import TRACKERS, create_tracker, tracker_class

_NEXT_ACTIVATION = "takes effect at the next activation"


@dataclass(frozen=True)
class NodeSettings(Settings):
    """Parameters of tracker_node beside those of the trackers."""

    tracker: str = setting(
        "tadt", "tracking method; can be changed while tracking", choices=tuple(TRACKERS)
    )
    device: str = setting(
        "auto",
        "where the tracker computes: auto (CUDA where there is one), cpu, cuda or cuda:N; can be "
        "changed while tracking",
    )
    precision: str = setting(
        "auto",
        "arithmetic of the networks; auto: the fastest that keeps the accuracy; can be changed "
        "while tracking",
        choices=("auto", "fp32", "bf16", "fp16"),
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


@dataclass(frozen=True)
class TrackerChoice:
    """Which tracker to build, and how."""

    name: str
    device: str
    precision: str
    settings: Settings

    def build(self) -> NamedTracker:
        """Make the tracker and pay its one-time costs.

        Raises:
            ValueError, RuntimeError, OSError: see `tadt_tracking.create_tracker`.
        """
        values = {
            field.name: getattr(self.settings, field.name)
            for field in dataclasses.fields(self.settings)
        }
        tracker = create_tracker(self.name, device=self.device, precision=self.precision, **values)
        tracker.warm_up()
        return NamedTracker(self.name, tracker)


class NodeParameters:
    """The parameters of tracker_node: its own, and `<tracker>.<setting>` for every tracker."""

    def __init__(self, node: Node, tracker_changed: Callable[[TrackerChoice], None]) -> None:
        """Declare all, and from now on check what is set.

        Args:
            node: the node.
            tracker_changed: called with the new choice when it is about to be set.
        """
        self._node = node
        self._tracker_changed = tracker_changed
        declare(node, NodeSettings)
        for name, tracker in TRACKERS.items():
            declare(node, tracker.Settings, f"{name}.")
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
        own = read(self._node, NodeSettings, "", changes)
        kind = tracker_class(own.tracker).Settings
        settings = read(self._node, kind, f"{own.tracker}.", changes)
        return TrackerChoice(own.tracker, own.device, own.precision, settings)

    def _on_set(self, parameters: list[Parameter]) -> SetParametersResult:
        changes = {parameter.name: parameter.value for parameter in parameters}
        try:
            choice = self._choice(changes)
            for name, tracker in TRACKERS.items():
                read(self._node, tracker.Settings, f"{name}.", changes)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if any(self._makes_a_difference(name, changes[name], choice) for name in changes):
            self._tracker_changed(choice)
        return SetParametersResult(successful=True)

    def _makes_a_difference(self, name: str, value: Any, choice: TrackerChoice) -> bool:
        """Tell whether a parameter is part of the choice of tracker and has a new value."""
        part = name in ("tracker", "device", "precision") or name.startswith(f"{choice.name}.")
        return part and self._node.get_parameter(name).value != value
