"""Settings of a session, the same for every tracker but where -1 stands for the tracker's own."""

from __future__ import annotations

from dataclasses import dataclass

from tadt_tracking.settings import SettingError, Settings, setting
from tadt_tracking.trackers.base import Thresholds

OF_TRACKER = -1.0  # a setting that is to be the tracker's own
# Which thresholds must not exceed which.
ORDER = (
    ("lose_below", "regain_above"),
    ("lose_below", "doubt_below"),
    ("doubt_below", "regain_above"),
)


@dataclass(frozen=True)
class SessionSettings(Settings):
    """When a target counts as lost, and how it is looked for."""

    lose_below: float = setting(
        OF_TRACKER,
        "score below which a frame speaks against the target (up to 0.005: none does); -1: the "
        "tracker's",
        minimum=OF_TRACKER,
        maximum=1.0,
    )
    doubt_below: float = setting(
        OF_TRACKER,
        "score below which the target is UNCERTAIN on a frame, down to half of it the longer that "
        "lasts; -1: the tracker's",
        minimum=OF_TRACKER,
        maximum=1.0,
    )
    regain_above: float = setting(
        OF_TRACKER,
        "score that a place needs, twice, for a lost target to be found there; -1: the tracker's",
        minimum=OF_TRACKER,
        maximum=1.0,
    )
    patience: float = setting(
        2.0,
        "evidence against the target, in log-odds added up over frames, at which it is lost",
        minimum=0.0,
        maximum=1000.0,
    )
    growth: float = setting(
        3.0,
        "side of the region around the expected place that is searched before the whole picture "
        "is, relative to the tracker's search window (DaSiamRPN: 255 to 767 px)",
        minimum=1.0,
        maximum=100.0,
    )
    tiles_a_frame: float = setting(
        1.0,
        "parts of the picture searched on a frame while the target is lost, each at about the cost "
        "of an update; where search_budget_ms is 0",
        minimum=0.01,
        maximum=1000.0,
    )
    search_budget_ms: float = setting(
        0.0,
        "time spent on searching on a frame while the target is lost, on average; 0: tiles_a_frame "
        "counts",
        unit="ms",
        minimum=0.0,
        maximum=10000.0,
    )
    gap: float = setting(
        3.0,
        "time between two frames, relative to the usual one, beyond which the target is first "
        "looked for where it may have gone meanwhile",
        minimum=1.5,
        maximum=1000.0,
    )

    def __post_init__(self) -> None:
        """Check what ranges do not tell."""
        super().__post_init__()
        self._require_own_or_positive(*Thresholds._fields)

    def thresholds(self, own: Thresholds) -> Thresholds:
        """Return those to use with a tracker whose own are `own`.

        Its own `doubt_below` gives way to the other two.

        Raises:
            SettingError: together they are in the wrong order.
        """
        given = {name: getattr(self, name) for name in Thresholds._fields}
        given = {name: value for name, value in given.items() if value != OF_TRACKER}
        used = own._replace(**given)
        if "doubt_below" not in given:
            doubt_below = min(max(used.doubt_below, used.lose_below), used.regain_above)
            used = used._replace(doubt_below=doubt_below)
        for lower, upper in ORDER:
            low, high = getattr(used, lower), getattr(used, upper)
            if low > high:
                raise SettingError(
                    f"setting {lower!r} must not exceed {upper!r}, got {low!r} and {high!r}"
                )
        return used
