"""Weights: where they come from, how they are checked, and the local cache of converted files."""

from tadt_tracking.weights.manifest import MANIFEST, WeightsSource
from tadt_tracking.weights.store import WeightsError, cache_folder, fetch, fill, load

__all__ = ["MANIFEST", "WeightsError", "WeightsSource", "cache_folder", "fetch", "fill", "load"]
