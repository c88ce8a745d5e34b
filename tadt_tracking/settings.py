"""Settings of a tracker: frozen dataclasses whose fields carry range, unit and description.

One declaration serves the core (checked at construction), the YAML file, the ROS parameters and
the command line.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_type_hints

SettingsT = TypeVar("SettingsT", bound="Settings")


class SettingError(ValueError):
    """An unknown setting, or a value out of its range; the message names the valid ones."""


def setting(
    default: Any,
    description: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a field of a settings dataclass (bool, int, float or str).

    `minimum` and `maximum` are inclusive; `choices` lists the valid strings, empty for any.
    """
    metadata = {
        "description": description,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Settings:
    """Base of all settings: checks every field at construction."""

    def __post_init__(self) -> None:
        """Check types and ranges; a whole number is accepted where a float is asked for."""
        hints = get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = _of_type(field.name, getattr(self, field.name), hints[field.name])
            _check_range(field, value)
            object.__setattr__(self, field.name, value)

    def _require_own_or_positive(self, *names: str) -> None:
        """Check settings that are -1 for somebody's own value, and else at least 0."""
        for name in names:
            value = getattr(self, name)
            if -1 < value < 0:
                raise SettingError(f"setting {name!r} must be -1 or at least 0, got {value!r}")

    @classmethod
    def from_dict(cls: type[SettingsT], values: Mapping[str, Any]) -> SettingsT:
        """Make settings from names and values; an unknown name is a :class:`SettingError`."""
        refuse_unknown(values, cls)
        return cls(**values)

    @classmethod
    def split(cls, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Divide names and values into those of this class and the others."""
        valid = {field.name for field in dataclasses.fields(cls)}
        own = {name: value for name, value in values.items() if name in valid}
        return own, {name: value for name, value in values.items() if name not in valid}


def refuse_unknown(names: Iterable[str], *kinds: type[Settings]) -> None:
    """Raise :class:`SettingError` if a name is no field of any of the settings classes `kinds`."""
    valid = [field.name for kind in kinds for field in dataclasses.fields(kind)]
    unknown = [name for name in names if name not in valid]
    if unknown:
        raise SettingError(
            f"unknown setting {', '.join(map(repr, unknown))}; valid are: {', '.join(valid)}"
        )


def _of_type(name: str, value: Any, kind: type) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise SettingError(f"setting {name!r} must be of type {kind.__name__}, got {value!r}")
    return value


def _check_range(field: dataclasses.Field, value: Any) -> None:
    low, high, choices = (field.metadata[key] for key in ("minimum", "maximum", "choices"))
    if choices and value not in choices:
        raise SettingError(
            f"setting {field.name!r} must be one of {', '.join(choices)}, got {value!r}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingError(f"setting {field.name!r} must be finite, got {value!r}")
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"[{'-inf' if low is None else low}, {'inf' if high is None else high}]"
        raise SettingError(f"setting {field.name!r} must lie in {bounds}, got {value!r}")
