"""`tadt-weights`: list the weights there are, or fetch some into the cache.

`tadt-weights convert FILE OUT` turns a published checkpoint of DaSiamRPN (SiamRPNVOT.model, -OTB,
-BIG) into a .safetensors file, which the tracker's setting `weights` takes.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from tadt_tracking.weights import MANIFEST, WeightsError, cache_folder, fetch


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="tadt-weights",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", help="weights to fetch; none: list all")
    names = parser.parse_args(arguments).names
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if names[:1] == ["convert"] and len(names) != 3:
        parser.error("convert takes two paths: FILE and OUT")
    try:
        if names[:1] == ["convert"]:
            _convert(Path(names[1]), Path(names[2]))
        else:
            for name in names:
                print(fetch(name))
    except (WeightsError, OSError) as error:
        print(f"tadt-weights: {error}", file=sys.stderr)
        return 1
    if not names:
        print(f"cache: {cache_folder()}")
        for name, source in MANIFEST.items():
            print(f"{name}\n    {source.about}\n    licence: {source.licence}")
    return 0


def _convert(checkpoint: Path, target: Path) -> None:
    """Turn a published checkpoint of DaSiamRPN into a .safetensors file."""
    from safetensors.torch import save_file

    from tadt_tracking.weights.checkpoints import siamrpn_from_checkpoint

    if target.suffix != ".safetensors":
        raise WeightsError(f"OUT must end in .safetensors, got {target}")
    save_file(siamrpn_from_checkpoint(checkpoint.read_bytes()), target)
    print(target)


if __name__ == "__main__":
    sys.exit(main())
