"""`tadt-train`: train the network of a tracker; with torchrun on several GPUs or machines.

A run that was stopped goes on where its output folder's checkpoint is, if it is asked for again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from tadt_tracking.command_line import add_set
from tadt_tracking.settings import Settings, refuse_unknown
from tadt_tracking.training.checkpoint import CheckpointError
from tadt_tracking.training.dasiamrpn import DaSiamRpnRecipe
from tadt_tracking.training.data import READERS, PairDataset, PairSettings, join, read_tracks
from tadt_tracking.training.export import export
from tadt_tracking.training.loop import Training
from tadt_tracking.training.ranks import Ranks, joined
from tadt_tracking.training.recipe import Recipe, RunSettings
from tadt_tracking.weights import WeightsError

RECIPES: dict[str, type[Recipe]] = {"dasiamrpn": DaSiamRpnRecipe}
# Held-out objects lie so far from the middle of the search window that they must be found.
VALIDATION_SHIFT = 32.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 3 for a run that was stopped half-way."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    try:
        run, pairs = _settings(RECIPES[options.method].Settings, dict(options.set))
        with joined(run.device) as ranks:
            done = _train(options, run, pairs, ranks, shlex.join(["tadt-train", *arguments]))
    except (ValueError, WeightsError, CheckpointError, ArithmeticError, OSError) as error:
        print(f"tadt-train: {_message(error)}", file=sys.stderr)
        return 1
    return 0 if done else 3


def _message(error: Exception) -> str:
    """Return what an error says; one of a process that makes pairs says it below its traceback."""
    text = str(error).strip()
    return text.splitlines()[-1] if text.startswith("Caught ") else text


def _train(
    options: argparse.Namespace, run: RunSettings, pairs: PairSettings, ranks: Ranks, command: str
) -> bool:
    """Train and export; returns whether the run is done."""
    tracks = join([read_tracks(*source) for source in options.data])
    kept, held = tracks.hold_out(run.held_out, run.seed)
    easy = {"same_category": 0.0, "other_category": 0.0, "textures": 0.0, "stretch": 0.0}
    judged = dataclasses.replace(pairs, shift=max(pairs.shift, VALIDATION_SHIFT), **easy)
    recipe = RECIPES[options.method](
        run,
        PairDataset(kept, pairs, seed=run.seed, pairs=run.steps * run.batch),
        PairDataset(held, judged, seed=run.seed, pairs=run.validation),
    )
    data = {
        "data": ", ".join(name for name, _ in options.data),
        "tracks": f"{len(kept)} trained on, {len(held)} held out",
        "pictures": f"{len(kept.numbers)} trained on, {len(held.numbers)} held out",
        **dataclasses.asdict(pairs),
    }
    training = Training(recipe, options.out, ranks, data)
    done = training.run()
    if done and ranks.first:
        about = {
            "command": command,
            "settings": json.dumps(dataclasses.asdict(run)),
            "data": json.dumps(data),
            "epochs": str(run.epochs),
            "validation": json.dumps(training.validation),
        }
        export(options.out / f"{options.method}.safetensors", recipe.network.state_dict(), about)
    return done


def _settings(kind: type[RunSettings], values: dict[str, Any]) -> tuple[RunSettings, PairSettings]:
    """Divide settings into those of the run and those of the pairs."""
    refuse_unknown(values, kind, PairSettings)
    of_pairs, of_run = PairSettings.split(values)
    return kind(**of_run), PairSettings(**of_pairs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tadt-train", description=__doc__)
    methods = parser.add_subparsers(required=True, metavar="|".join(RECIPES), dest="method")
    for name, recipe in RECIPES.items():
        about = f"settings:\n{_described(recipe.Settings)}\n{_described(PairSettings)}"
        method = methods.add_parser(
            name,
            help=recipe.__doc__,
            epilog=about,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        method.add_argument(
            "--data",
            action="append",
            required=True,
            type=_source,
            metavar="LAYOUT=FOLDER",
            help=f"data set to train on, several if given again; layouts: {', '.join(READERS)}",
        )
        method.add_argument(
            "--out", type=Path, required=True, help="folder of checkpoint, log and weights"
        )
        add_set(method)
    return parser


def _described(kind: type[Settings]) -> str:
    return "\n".join(
        f"  {f.name}={f.default}: {f.metadata['description']}" for f in dataclasses.fields(kind)
    )


def _source(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not equals or name not in READERS:
        raise argparse.ArgumentTypeError(
            f"expected layout=folder with a layout of {', '.join(READERS)}, got {text!r}"
        )
    return name, Path(folder)


if __name__ == "__main__":
    sys.exit(main())
