"""A session made by name, over a real tracker."""

import pytest
from targets import scene

from tadt_tracking import create_session
from tadt_tracking.result import State
from tadt_tracking.settings import SettingError


def test_options_are_divided_and_a_real_target_is_followed():
    session = create_session("tadt", device="cpu", engine="torch", patience=5.0, padding=2.8)
    assert session.settings.patience == 5.0
    assert session.tracker.settings.padding == 2.8
    session.warm_up()
    picture, box = scene((150, 120))
    session.init(picture, box, stamp=0.0)
    result = session.update(scene((154, 120))[0], stamp=0.1)
    assert result.state is State.TRACKING
    assert result.box.overlap(box) > 0.7


def test_wrong_options_are_told():
    with pytest.raises(SettingError, match="unknown setting 'patiense'"):
        create_session("tadt", patiense=3)
    with pytest.raises(SettingError, match="'growth' must lie in"):
        create_session("tadt", growth=0.5)
    with pytest.raises(ValueError, match="unknown tracker 'nope'"):
        create_session("nope")
