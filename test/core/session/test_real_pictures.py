"""Sessions on pictures cut out of photographs: the target leaves, and comes back or does not."""

from dataclasses import replace

import numpy as np
import pytest

from tadt_tracking.box import Box
from tadt_tracking.demo.cutouts import CAT_FACE, Pose, bounds, cut_out, paste, resized_photograph
from tadt_tracking.session import create_session

WIDTH, HEIGHT = 480, 320
SECONDS_A_FRAME = 1 / 15
LEFT, RIGHT = -60.0, WIDTH + 60.0  # where the target is wholly outside
TINT = (1.25, 0.85, 0.6)  # of the look-alike, as factors of blue, green and red
TRACKERS = {
    "r50": {"name": "dasiamrpn", "variant": "r50"},
    "narrow": {"name": "dasiamrpn", "variant": "narrow"},
    "hcf": {"name": "hcf"},
    "tadt": {"name": "tadt"},
}


@pytest.fixture(scope="module", params=TRACKERS.values(), ids=TRACKERS.keys())
def session(request):
    return create_session(**request.param, device="cpu", background=False)


@pytest.fixture(scope="module")
def film():
    return Film()


class Film:
    """A cat before a table, and another cat of other colours."""

    def __init__(self):
        self.ground = resized_photograph("coffee.png", 0.8)[:HEIGHT, :WIDTH].astype(np.float32)
        self.cat = cut_out("chelsea.png", CAT_FACE, 0.2)
        tinted = (self.cat.mirrored(1.0).picture * np.float32(TINT)).clip(0, 255)
        self.other = replace(self.cat.mirrored(1.0), picture=tinted)

    def frame(self, x=None, other_x=None):
        """Return the picture with the cat, and the other one, as far to the right as is said."""
        canvas, box = self.ground.copy(), None
        if other_x is not None:
            paste(canvas, self.other, Pose(other_x, 235, 1, 0))
        if x is not None:
            pose = Pose(x, 110, 1, 6 * np.sin(x / 30))
            paste(canvas, self.cat, pose)
            box = Box(*bounds(self.cat, pose))
        return canvas.round().astype(np.uint8), box


class Run:
    """A session on one film after the other part, by the film's own time."""

    def __init__(self, session, image, box):
        self.session, self.stamp = session, 0.0
        session.init(image, box, self.stamp)

    def __call__(self, image):
        self.stamp += SECONDS_A_FRAME
        return self.session.update(image, self.stamp)


def test_target_that_returns_on_the_other_side_is_found(session, film):
    run = Run(session, *film.frame(200))
    for x in np.linspace(206, RIGHT, 22):
        image, truth = film.frame(x)
        result = run(image)
        if x < WIDTH - 50:
            assert result.state.present
            assert result.box.overlap(truth) > 0.5
    gone = [run(film.frame()[0]).state.present for _ in range(12)]
    assert not any(gone[1:])
    found = []
    for x in (*np.linspace(LEFT, 160, 25), *[160.0] * 20):
        image, truth = film.frame(x)
        result = run(image)
        found.append(result.state.present and result.box.overlap(truth) > 0.5)
    assert all(found[-6:])
    assert session.redetections == 1


def test_look_alike_that_stays_is_not_taken_for_the_target(session, film):
    other = 330
    run = Run(session, *film.frame(200, other))
    for x in np.linspace(203, 240, 14):
        assert run(film.frame(x, other)[0]).state.present
    for x in np.linspace(240, LEFT, 22):
        run(film.frame(x, other)[0])
    states = [run(film.frame(None, other)[0]).state for _ in range(25)]
    assert not any(state.present for state in states[1:])
    assert session.redetections == 0
