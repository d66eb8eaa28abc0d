"""Which training a file of results belongs to, and which player: a set of its weights, or one without skill."""

import re
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from hrm.core.errors import DataError

# Both sets of weights of a trained network, the network at its first weights, and no network at all
# (hrm.evaluation.chance). A file that belongs to the training as a whole, as its history, is nobody's.
Player = Literal["raw", "ema", "untrained", "chance", ""]
NOBODY: Player = ""
PLAYERS: tuple[Player, ...] = tuple(player for player in get_args(Player) if player)
WEIGHTS: tuple[Player, ...] = ("raw", "ema")
WEIGHTS_IN_WORDS = {"raw": "raw weights", "ema": "averaged weights"}
SEED = re.compile(r"seed(\d+)")
KEYED = re.compile(r"[a-z_]+-[0-9a-f]{12}")  # the folder of a job of the pipeline (hrm.jobs)


class RunPath(NamedTuple):
    """Where a file of results belongs."""

    task: str
    variant: str
    seed: str  # name of the folder
    player: Player


def run_of(path: Path) -> RunPath:
    """Of .../TASK/VARIANT/seedN/NAME or .../seedN/PLAYER/NAME, with a folder KIND-KEY behind seedN or without.

    Raises DataError for a file that lies elsewhere.
    """
    player = next((player for player in PLAYERS if path.parent.name == player), NOBODY)
    folder = path.parent.parent if player else path.parent
    if KEYED.fullmatch(folder.name):
        folder = folder.parent
    if len(folder.parts) < 3 or not SEED.fullmatch(folder.name):
        raise DataError(
            f"{path}: is not of the form TASK/VARIANT/seedN/{path.name} or TASK/VARIANT/seedN/PLAYER/{path.name}, "
            f"PLAYER being {', '.join(PLAYERS[:-1])} or {PLAYERS[-1]}"
        )
    task, variant, seed = folder.parts[-3:]
    return RunPath(task, variant, seed, player)


def player_run_of(path: Path) -> RunPath:
    """As `run_of`, of a file with results of one player: whose they are must be known, or each would count them."""
    found = run_of(path)
    if found.player == NOBODY:
        raise DataError(f"{path}: must lie in a folder {', '.join(PLAYERS[:-1])} or {PLAYERS[-1]} of seedN")
    return found


def runs_below(folder: Path, name: str) -> list[tuple[str, str, int]]:
    """(task, variant, seed) of every TASK/VARIANT/seedN/NAME in a folder, in order; other files are passed over.

    NAME may have a folder before it, as in raw/metrics.json.
    """
    found = []
    for path in folder.glob(f"*/*/seed*/{name}"):
        task, variant, seed = path.relative_to(folder).parts[:3]
        if match := SEED.fullmatch(seed):
            found.append((task, variant, int(match[1])))
    return sorted(found)
