"""ROS parameters from settings classes: declared once, with type, range, unit and description."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from tadt_tracking.settings import Settings

SettingsT = TypeVar("SettingsT", bound=Settings)

_INT64 = (-(2**63), 2**63 - 1)


def declare_settings(node: Node, kind: type[SettingsT]) -> SettingsT:
    """Declare a read-only parameter for every field of a settings class, and return their values.

    Raises:
        SettingError: a value is out of range.
        rclpy.exceptions.ParameterException: a value is of another type or out of its range.
    """
    declare(node, kind, read_only=True)
    return read(node, kind)


def declare(node: Node, kind: type[Settings], prefix: str = "", read_only: bool = False) -> None:
    """Declare a parameter `<prefix><field>` for every field of a settings class.

    One that is read-only is given when the node starts, and cannot be set later.

    Raises:
        rclpy.exceptions.ParameterException: a given value is of another type or out of its range.
    """
    defaults = kind()
    for field in _fields(kind):
        value = getattr(defaults, field.name)
        descriptor = _descriptor(field, value)
        descriptor.read_only = read_only
        node.declare_parameter(prefix + field.name, value, descriptor)


def parameter_names(kind: type[Settings], prefix: str = "") -> dict[str, str]:
    """Return the name of the parameter of every field of a settings class."""
    return {field.name: prefix + field.name for field in _fields(kind)}


def read(
    node: Node, kind: type[SettingsT], prefix: str = "", changes: Mapping[str, Any] | None = None
) -> SettingsT:
    """Return the present values of declared parameters, checked; `changes` go before them.

    Raises:
        SettingError: a value is out of range.
    """
    changes = changes or {}
    names = parameter_names(kind, prefix)
    values = {
        field: changes[name] if name in changes else node.get_parameter(name).value
        for field, name in names.items()
    }
    return kind.from_dict(values)


def _fields(settings: Settings | type[Settings]) -> tuple[dataclasses.Field, ...]:
    return dataclasses.fields(settings)


def _descriptor(field: dataclasses.Field, value: Any) -> ParameterDescriptor:
    unit, choices = field.metadata["unit"], field.metadata["choices"]
    descriptor = ParameterDescriptor(
        description=field.metadata["description"] + (f" [{unit}]" if unit else ""),
        additional_constraints=f"one of: {', '.join(choices)}" if choices else "",
    )
    low, high = field.metadata["minimum"], field.metadata["maximum"]
    if low is None and high is None:
        return descriptor
    if isinstance(value, float):
        first, last = _bounds(low, high, (-float("inf"), float("inf")))
        descriptor.floating_point_range.append(
            FloatingPointRange(from_value=float(first), to_value=float(last))
        )
    else:
        first, last = _bounds(low, high, _INT64)
        descriptor.integer_range.append(IntegerRange(from_value=int(first), to_value=int(last)))
    return descriptor


def _bounds(low: Any, high: Any, widest: tuple[Any, Any]) -> tuple[Any, Any]:
    return widest[0] if low is None else low, widest[1] if high is None else high
