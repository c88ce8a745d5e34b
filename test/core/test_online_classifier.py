"""The classifier that learns on the way, on features made for it."""

import gc
import itertools
import threading
import weakref

import numpy as np
import pytest
import torch

from tadt_tracking.trackers.background import Background
from tadt_tracking.trackers.online_classifier import (
    EVERY,
    FIRST_SHARE,
    STEPS,
    VIEWS,
    OnlineClassifier,
    View,
    cut_view,
)

CHANNELS, CELLS, SIZE = 8, 21, (4.0, 4.0)


class World:
    """Things with a look of their own before a noisy background."""

    def __init__(self):
        self.chance = torch.Generator().manual_seed(0)
        self.looks = self._randn(3, CHANNELS) * 4

    def _randn(self, *shape):
        return torch.randn(*shape, generator=self.chance)

    def features(self, **things):
        """Return features with thing "a", "b" or "c" at a place (x, y) from the middle."""
        found = self._randn(CHANNELS, CELLS, CELLS)
        offsets = torch.arange(CELLS) - CELLS // 2
        for name, (x, y) in things.items():
            distance = (offsets - x) ** 2 + (offsets[:, None] - y) ** 2
            found += self.looks["abc".index(name)][:, None, None] * (-distance / 4).exp()
        return found


@pytest.fixture
def world():
    return World()


def started(world, beside=False):
    places = [(0, 0), (4, 0), (-4, 2), (0, -5), (5, 5), (-6, -3)]
    views = torch.stack([world.features(a=place) for place in places])
    return OnlineClassifier(views, torch.tensor(places).float(), SIZE, beside=beside)


def finish(background):
    while background.go_on():
        pass


def in_parts(*parts):
    for part in parts:
        part()
        yield


def peak(response):
    row, column = divmod(int(response.argmax()), CELLS)
    return column - CELLS // 2, row - CELLS // 2


def at(response, x, y):
    return response[CELLS // 2 + y, CELLS // 2 + x].item()


def test_target_is_answered_where_it_is(world):
    response = started(world).respond(world.features(a=(3, -4)))
    assert peak(response) == (3, -4)
    assert response.max() > 0.5


def test_absent_target_is_answered_by_little(world):
    classifier = started(world)
    there, gone = (classifier.respond(world.features(**t)) for t in ({"a": (0, 0)}, {}))
    assert gone.max() < 0.5 * there.max()


def test_contrast_does_not_matter(world):
    classifier, features = started(world), world.features(a=(2, 2))
    assert torch.allclose(classifier.respond(features), classifier.respond(7 * features), atol=1e-5)


def test_what_stands_beside_the_target_is_learnt_not_to_be_it(world):
    classifier = started(world)
    world.looks[1] = 0.9 * world.looks[0] + 0.4 * world.looks[2]  # b looks much like a
    before = at(classifier.respond(world.features(b=(0, 0))), 0, 0)
    for _ in range(3 * EVERY):
        classifier.learn(world.features(a=(0, 0), b=(6, 0)), (0, 0))
    assert before > 0.4
    assert at(classifier.respond(world.features(b=(0, 0))), 0, 0) < 0.7 * before
    assert at(classifier.respond(world.features(a=(0, 0))), 0, 0) > 0.5


def test_target_that_changes_is_followed(world):
    before, classifier = started(world), started(world)
    first, last = world.looks[0].clone(), world.looks[1].clone()
    for share in torch.linspace(0, 1, 100):
        world.looks[0] = torch.lerp(first, last, share)
        classifier.learn(world.features(a=(0, 0)), (0, 0))
    changed = world.features(a=(0, 0))
    assert at(before.respond(changed), 0, 0) < 0.2
    assert at(classifier.respond(changed), 0, 0) > 0.4


def test_first_look_is_never_forgotten(world):
    classifier = started(world)
    for _ in range(200):
        classifier.learn(world.features(b=(0, 0)), (0, 0))
    assert at(classifier.respond(world.features(a=(0, 0))), 0, 0) > 0.4
    shares = classifier._ridge.shares
    assert shares.sum().item() == pytest.approx(1)
    assert shares[: classifier._views].sum().item() >= 0.99 * FIRST_SHARE


def test_learning_beside_comes_to_the_same(world):
    classifiers = []
    for beside in (False, True):
        world.chance.manual_seed(5)
        classifiers.append(started(world, beside))
        for _ in range(EVERY):
            classifiers[-1].learn(world.features(a=(1, 0)), (1, 0))
            finish(classifiers[-1]._background)
    probe = world.features(a=(1, 0))
    in_step, beside = (classifier.respond(probe) for classifier in classifiers)
    assert torch.equal(in_step, beside)


def test_one_that_is_given_up_while_it_learns_is_freed(world):
    classifier = started(world, beside=True)
    gc.disable()  # a cycle would wait for it, and samples are large
    try:
        for _ in range(EVERY):
            finish(classifier._background)
            classifier.learn(world.features(a=(0, 0)), (0, 0))
        assert classifier._background.go_on()
        ridge = weakref.ref(classifier._ridge)
        threads = [thread for thread in threading.enumerate() if "learning" in thread.name]
        del classifier
        for thread in threads:
            thread.join(30)
        assert ridge() is None
    finally:
        gc.enable()


def test_beside_filter_is_solved_by_a_step_a_frame(world):
    classifier = started(world, beside=True)
    filters = [classifier._ridge.weights]
    for _ in range(EVERY + STEPS):
        classifier.learn(world.features(a=(1, 0)), (1, 0))
        classifier._background._part.result(timeout=10)
        filters.append(classifier._ridge.weights)
    changed = [not torch.equal(*pair) for pair in itertools.pairwise(filters)]
    assert changed == [False] * EVERY + [True] * STEPS
    assert classifier._learnt == EVERY


def test_job_beside_does_not_hold_up_its_owner():
    background, go_on = Background(beside=True), threading.Event()
    background.do(in_parts(go_on.wait))
    assert background.go_on()
    go_on.set()
    finish(background)
    assert not background.go_on()


def test_job_beside_takes_one_part_a_call():
    background, done = Background(beside=True), []
    background.do(in_parts(*[lambda: done.append(len(done))] * 3))
    for count in (1, 2, 3):
        background._part.result(timeout=10)
        assert done == list(range(count))
        assert background.go_on()


def test_job_in_step_is_done_at_once():
    background, done = Background(beside=False), []
    background.do(in_parts(*[lambda: done.append(len(done))] * 3))
    assert done == [0, 1, 2]
    assert not background.go_on()


@pytest.mark.parametrize("beside", [False, True])
def test_fault_of_a_job_is_told(beside):
    background, done = Background(beside), []

    def fail():
        raise ArithmeticError("no solution")

    with pytest.raises(ArithmeticError, match="no solution"):
        background.do(in_parts(fail))
        finish(background)
    background.do(in_parts(lambda: done.append(True)))
    finish(background)
    assert done


@pytest.mark.parametrize("view", [*VIEWS, View(0.3, -0.2, 1.2, mirrored=True)])
def test_view_shows_the_target_where_it_says(view):
    image = np.zeros((400, 500, 3), np.uint8)
    image[195:205, 245:255] = 255  # around (250, 200)
    window, (x, y) = cut_view(image, view, (250.0, 200.0), (0.8, 0.6), (127, 255))
    assert window.shape == (255, 255, 3)
    rows, columns = np.nonzero(window[..., 0] > 127)
    assert (columns.mean() - 127, rows.mean() - 127) == pytest.approx((x, y), abs=0.6)
    for places, pixel in ((columns, 0.8), (rows, 0.6)):
        assert np.ptp(places) == pytest.approx(10 / (pixel * view.zoom), abs=2)
