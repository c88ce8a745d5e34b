"""Which objects make a pair: positive ones, and negative ones of the same or another category."""

from __future__ import annotations

import numpy as np

from tadt_tracking.training.data.tracks import UNKNOWN, DataError, Tracks

POSITIVE, SAME_CATEGORY, OTHER_CATEGORY = 0, 1, 2


class PairDraws:
    """Draws tracks of a data set.

    Tracks of one scene never make a negative pair: the one object might be in the other's picture,
    or be the same. A track of unknown category may be paired with any as one of another category.
    """

    def __init__(self, tracks: Tracks, video: float, kinds: tuple[float, float, float]) -> None:
        """Prepare.

        Args:
            tracks: to draw from.
            video: share of tracks drawn from videos, where there are both.
            kinds: shares of POSITIVE, SAME_CATEGORY and OTHER_CATEGORY.

        Raises:
            DataError: there are no tracks, or none for pairs of a kind that has a share.
        """
        self._tracks, self._video = tracks, video
        self._kinds = np.cumsum(kinds)[:2]
        self._moving = tracks.lengths > 1
        if not len(tracks):
            raise DataError("there are no tracks to make pairs of")
        able = (np.full(len(tracks), True), *_with_partners(tracks))
        for share, mask, name in zip(kinds[1:], able[1:], ("the same", "another"), strict=True):
            if share > 0 and not mask.any():
                raise DataError(f"the tracks give no negative pairs of {name} category")
        self._able = tuple(self._groups(mask) for mask in able)

    def draw(self, rng: np.random.Generator) -> tuple[int, int, int]:
        """Return the kind of a pair, the exemplar's track and the search window's."""
        kind = int(np.searchsorted(self._kinds, rng.random(), side="right"))
        exemplar = self._one_of(self._able[kind], rng)
        if kind == POSITIVE:
            return kind, exemplar, exemplar
        return kind, exemplar, self._one_of(self._groups(self._partners(exemplar, kind)), rng)

    def _partners(self, track: int, kind: int) -> np.ndarray:
        """Return which tracks make a negative pair with one: T, bool."""
        category = self._tracks.categories[track]
        apart = self._tracks.scenes != self._tracks.scenes[track]
        if kind == OTHER_CATEGORY and category == UNKNOWN:
            return apart
        return apart & ((self._tracks.categories == category) == (kind == SAME_CATEGORY))

    def _groups(self, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the tracks of videos and those of still images among some."""
        return np.flatnonzero(mask & self._moving), np.flatnonzero(mask & ~self._moving)

    def _one_of(self, groups: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> int:
        videos, stills = groups
        use_videos = rng.random() < self._video if len(videos) and len(stills) else len(videos) > 0
        group = videos if use_videos else stills
        return int(group[rng.integers(len(group))])


def _with_partners(tracks: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """Return which tracks have partners of the same and of another category: each T, bool."""
    known = tracks.categories != UNKNOWN
    own_category = np.where(known, _group_sizes(tracks.categories), 0)
    own_scene = _group_sizes(tracks.scenes)
    both = _group_sizes(np.stack([tracks.categories, tracks.scenes], 1))
    both_known = np.where(known, both, 0)
    return own_category > both_known, len(tracks) > own_category + own_scene - both_known


def _group_sizes(keys: np.ndarray) -> np.ndarray:
    """Return how many rows are equal to each: T, int64."""
    _, group, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    return counts[group.reshape(-1)]
