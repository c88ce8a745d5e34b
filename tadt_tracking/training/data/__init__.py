"""Training data: readers of data sets, and pairs of exemplar and search window made of them."""

from tadt_tracking.training.data.pair_settings import PairSettings
from tadt_tracking.training.data.pairs import PairDataset
from tadt_tracking.training.data.readers import READERS, read_tracks
from tadt_tracking.training.data.tracks import DataError, Tracks, join

__all__ = ["READERS", "DataError", "PairDataset", "PairSettings", "Tracks", "join", "read_tracks"]
