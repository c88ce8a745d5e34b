"""The parameters of tracker_node: its own, the session's and those of all trackers."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.ros.camera import CameraSettings
from tadt_tracking.ros.declaration import declare, parameter_names, read
from tadt_tracking.ros.reports import NamedSession
from tadt_tracking.session import Session, SessionSettings
from tadt_tracking.settings import SettingError, Settings, setting
from tadt_tracking.trackers import TRACKERS, create_tracker, tracker_class


@dataclass(frozen=True)
class NodeSettings(CameraSettings):
    """Parameters of tracker_node beside those of computing, sessions and trackers."""

    tracker: str = setting(
        "tadt", "tracking method; can be changed while tracking", choices=tuple(TRACKERS)
    )
    rectified: bool = setting(
        False,
        "the images are rectified: `~/bearing` goes by the projection matrix of camera_info, and "
        "by no distortion; takes effect at every activation",
    )
    autostart: bool = setting(True, "configure and activate by itself; read when the node starts")
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


_SESSION = "session."  # stands before the names of a session's parameters

# Every settings class that parameters are declared from, and what stands before their names.
GROUPS: tuple[tuple[str, type[Settings]], ...] = (
    ("", NodeSettings),
    ("", ComputeSettings),
    (_SESSION, SessionSettings),
    *((f"{name}.", tracker.Settings) for name, tracker in TRACKERS.items()),
)
_OF_COMPUTE = frozenset(field.name for field in dataclasses.fields(ComputeSettings))


@dataclass(frozen=True)
class TrackerChoice:
    """Which tracker to build, how, and how its session decides.

    Raises:
        SettingError: the session's settings do not go together with the tracker's thresholds, or
            there are no weights.
    """

    name: str
    compute: ComputeSettings
    settings: Settings
    session: SessionSettings

    def __post_init__(self) -> None:
        """Check what belongs together."""
        kind = tracker_class(self.name)
        kind.weights_name(self.settings)  # raises where there are none
        self.session.thresholds(kind.thresholds_of(self.settings))

    def parameters(self) -> list[Parameter]:
        """Return the parameters that make this choice."""
        groups = (
            ("", self.compute),
            (_SESSION, self.session),
            (f"{self.name}.", self.settings),
        )
        values = {"tracker": self.name} | {
            f"{prefix}{name}": value
            for prefix, settings in groups
            for name, value in dataclasses.asdict(settings).items()
        }
        return [Parameter(name, value=value) for name, value in values.items()]

    def build(self) -> NamedSession:
        """Make a session of the tracker and pay its one-time costs.

        Raises:
            ValueError, RuntimeError, OSError: see `tadt_tracking.create_tracker`.
        """
        options = dataclasses.asdict(self.compute) | dataclasses.asdict(self.settings)
        session = Session(create_tracker(self.name, **options), self.session)
        session.warm_up()
        return NamedSession(self.name, session)


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
        self._asked: TrackerChoice | None = None  # the last choice
        self._running: TrackerChoice | None = None
        self._failed: deque[TrackerChoice] = deque()
        self._put_back = node.create_guard_condition(self._put_back_failed)
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
            SettingError: unknown tracker, a value out of range, or values that do not go together.
        """
        self._asked = self._choice({})
        return self._asked

    def built(self, choice: TrackerChoice) -> None:
        """Take note that the tracker chosen runs; may be called in any thread."""
        self._running = choice

    def not_built(self, choice: TrackerChoice) -> None:
        """Take note that it cannot be made; may be called in any thread.

        Where another one runs, the parameters are put back to that one's, unless there has been a
        newer choice.
        """
        self._failed.append(choice)
        self._put_back.trigger()

    def _put_back_failed(self) -> None:
        while self._failed:
            running = self._running
            if self._failed.popleft() == self._asked and running is not None:
                self._asked = running
                self._node.set_parameters_atomically(running.parameters())

    def _choice(self, changes: Mapping[str, Any]) -> TrackerChoice:
        name = read(self._node, NodeSettings, "", changes).tracker
        compute = read(self._node, ComputeSettings, "", changes)
        settings = read(self._node, tracker_class(name).Settings, f"{name}.", changes)
        session = read(self._node, SessionSettings, _SESSION, changes)
        return TrackerChoice(name, compute, settings, session)

    def _checked(self, changes: Mapping[str, Any], names: Iterable[str]) -> TrackerChoice:
        """Return the choice after changes, of which the groups that have the names are good."""
        for prefix, kind in GROUPS:
            if not set(names).isdisjoint(parameter_names(kind, prefix).values()):
                read(self._node, kind, prefix, changes)
        choice = self._choice(changes)
        if not _OF_COMPUTE.isdisjoint(names):
            Compute.choose(choice.compute)  # says what this machine does not have
        return choice

    def _is_wrong_already(self, names: Iterable[str]) -> bool:
        """Tell whether what a change of some parameters has to go with is wrong without it.

        So it may be by what the node was started with, which is corrected value by value.
        """
        try:
            self._checked({}, names)
        except ValueError:
            return True
        return False

    def _on_set(self, parameters: list[Parameter]) -> SetParametersResult:
        changes = {parameter.name: parameter.value for parameter in parameters}
        try:
            _require_good(changes)
        except SettingError as error:
            return _refusal(error)
        try:
            choice = self._checked(changes, changes)
        except ValueError as error:
            if self._is_wrong_already(changes):
                return SetParametersResult(successful=True)
            return _refusal(error)
        if choice != self._asked and any(_is_part(name, choice) for name in changes):
            self._asked = choice
            self._tracker_changed(choice)
        return SetParametersResult(successful=True)


def _refusal(error: Exception) -> SetParametersResult:
    return SetParametersResult(successful=False, reason=str(error))


def _require_good(changes: Mapping[str, Any]) -> None:
    """Raise SettingError where a change is wrong whatever the other values are.

    No settings class looks at two fields together, so the defaults may stand in for the others.
    """
    for prefix, kind in GROUPS:
        names = parameter_names(kind, prefix).items()
        kind.from_dict({field: changes[name] for field, name in names if name in changes})


def _is_part(name: str, choice: TrackerChoice) -> bool:
    """Tell whether a parameter is part of a choice of tracker."""
    of_choice = name.startswith((_SESSION, f"{choice.name}."))
    return of_choice or name == "tracker" or name in _OF_COMPUTE
