from dataclasses import FrozenInstanceError, dataclass

import pytest

from tadt_tracking.settings import SettingError, Settings, setting


@dataclass(frozen=True)
class Example(Settings):
    count: int = setting(3, "a count", minimum=1, maximum=10)
    rate: float = setting(0.5, "a rate", unit="Hz", minimum=0.0)
    mode: str = setting("a", "a mode", choices=("a", "b"))
    fast: bool = setting(False, "a switch")


def test_defaults_and_overrides():
    assert Example.from_dict({"count": 4}) == Example(count=4, rate=0.5, mode="a", fast=False)


def test_whole_number_becomes_a_float_where_one_is_wanted():
    assert isinstance(Example(rate=2).rate, float)


def test_unknown_setting_lists_the_valid_ones():
    with pytest.raises(SettingError, match=r"'colour'; valid are: count, rate, mode, fast"):
        Example.from_dict({"colour": 1})


@pytest.mark.parametrize(
    "bad",
    [
        {"count": 0},
        {"count": 11},
        {"count": 2.0},
        {"count": True},
        {"rate": -0.1},
        {"rate": float("nan")},
        {"rate": "fast"},
        {"mode": "c"},
        {"fast": 1},
    ],
)
def test_bad_value_is_named(bad):
    ((name, value),) = bad.items()
    with pytest.raises(SettingError, match=name) as caught:
        Example(**bad)
    assert repr(value) in str(caught.value)


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Example().count = 5
