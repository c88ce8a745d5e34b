"""`tadt-weights`: list the weights there are, or fetch some into the cache."""

from __future__ import annotations

import argparse
import logging
import sys

from tadt_tracking.weights import MANIFEST, WeightsError, cache_folder, fetch


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tadt-weights", description=__doc__)
    parser.add_argument("names", nargs="*", help="weights to fetch; none: list all")
    names = parser.parse_args(arguments).names
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        for name in names:
            print(fetch(name))
    except WeightsError as error:
        print(f"tadt-weights: {error}", file=sys.stderr)
        return 1
    if not names:
        print(f"cache: {cache_folder()}")
        for name, source in MANIFEST.items():
            print(f"{name}\n    {source.about}\n    licence: {source.licence}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
