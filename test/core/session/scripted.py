"""A tracker whose world a test writes: what is where, and how much it looks like the target."""

from collections.abc import Iterator

import numpy as np

from tadt_tracking.box import Box
from tadt_tracking.engines import Compute, ComputeSettings
from tadt_tracking.result import Candidate, Result
from tadt_tracking.session import Session, SessionSettings
from tadt_tracking.settings import Settings
from tadt_tracking.trackers.base import Thresholds, Tracker

SIZE = (20.0, 20.0)
WINDOW, SPAN = 60.0, 200.0
PICTURE = np.zeros((400, 600, 3), np.uint8)
NOTHING = 0.02
FRAME = 0.1  # s


def box_at(x, y):
    return Box.from_center(x, y, *SIZE)


class World:
    """Things by place: each has what a search and what a look (an update) score there."""

    def __init__(self, x=100, y=100):
        self.things = {}
        self.scale = 1.0  # at which a search sees them
        self.seen_size = SIZE  # that they have for a search
        self.put(x, y)

    def put(self, x, y, score=0.95, seen=None):
        """Put a thing; `seen` is what a search scores where a look scores otherwise.

        `score` may be an iterator: of one score for every look.
        """
        self.things[x, y] = (score, score if seen is None else seen)

    def only(self, *place, **scores):
        self.things.clear()
        if place:
            self.put(*place, **scores)


class Scripted(Tracker):
    """Goes to the best thing in its window, finds all in a region."""

    thresholds = Thresholds(0.5, 0.6, 0.8)
    can_search = True

    def __init__(self, world):
        super().__init__(Settings(), Compute.choose(ComputeSettings(device="cpu", engine="torch")))
        self.world = world
        self.learned, self.searched, self.moved = [], [], []
        self.distractors = ()
        self.known = None
        self.unseen = 0

    def search_span(self):
        return SPAN

    def _init(self, image, box):
        self.box = box

    def _update(self, image):
        window = Box.from_center(*self.box.center, WINDOW, WINDOW)
        things = self.world.things.items()
        near = [(_next(score), place) for place, (score, _) in things if within(place, window)]
        score, place = max(near, default=(NOTHING, self.box.center))
        self.box = box_at(*place)
        if self.learning:
            self.learned.append(score)
            self.unseen = 0
        how = {"distractors": self.distractors, "known": self.known}
        return Result(self.box, score, window, **how)

    def _search_for(self, image, region, scale):
        self.searched.append(region)
        found = [
            Candidate(Box.from_center(*place, *self.world.seen_size), seen)
            for place, (_, seen) in self.world.things.items()
            if within(place, region) and scale == self.world.scale
        ]
        return sorted(found, key=lambda c: -c.score)

    def lose_sight(self, frames):
        self.unseen = frames

    def _move_to(self, image, box):
        self.box = box
        self.moved.append(box)


class Blind(Scripted):
    """Cannot search."""

    can_search = False
    search_span, _search_for, _move_to = Tracker.search_span, Tracker._search_for, Tracker._move_to


class Run:
    """A session over the world, frame by frame."""

    def __init__(self, kind=Scripted, picture=PICTURE, **settings):
        self.world = World()
        self.tracker = kind(self.world)
        self.session = Session(self.tracker, SessionSettings.from_dict(settings))
        self.picture, self.stamp = picture, 0.0
        self.session.init(picture, box_at(100, 100), 0.0)

    def frame(self, elapsed=FRAME):
        self.stamp += elapsed
        return self.session.update(self.picture, self.stamp)

    def frames(self, count):
        return [self.frame() for _ in range(count)]

    def states(self, count):
        return [result.state.name for result in self.frames(count)]

    def lose(self):
        """Let the target vanish from a session that is well used to it."""
        self.frames(3)
        self.world.only()
        assert self.frame().state.name == "LOST"


def within(place, region):
    x, y = place
    return region.x <= x <= region.x + region.w and region.y <= y <= region.y + region.h


def _next(score):
    return next(score) if isinstance(score, Iterator) else score
