"""What test_parallel.py starts in two processes: several trainings, each result in a folder of its own."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch

from helpers import facts_of, tiny_dataset, tiny_run
from hrm.core.errors import Interrupted
from hrm.core.processes import place
from hrm.training import loop
from hrm.training.parallel import ALONE, Group, joined
from hrm.training.trainer import Trainer

CPU = torch.device("cpu")
CASES = {
    "sudoku": (1, "hrm"),
    "ids": (40, "hrm_halt_loss"),
    "interrupted": (1, "hrm"),
    "handed_over": (40, "hrm_halt_loss"),
}


def one(name: str, folder: Path, group: Group = ALONE) -> None:
    """Train one case to the end."""
    ids, variant = CASES[name]
    dataset = tiny_dataset(puzzle_ids=ids)
    if ids > 1:  # three symmetries a puzzle, each with a puzzle id of its own
        dataset.train.first_ids[:] = 1 + 3 * np.arange(len(dataset.train.inputs))
    params = tiny_run(variant=variant)
    loop.train(params, facts_of(dataset), dataset, CPU, folder / name, folder / f"partial_{name}", group)


def stopped(name: str, folder: Path, group: Group) -> None:
    """Train until process 1, and it alone, gets a signal after step 5."""
    plain = Trainer.advance

    def advance(self: Trainer) -> None:
        plain(self)
        if self.step == 5 and group.rank == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    Trainer.advance = advance
    try:
        one(name, folder, group)
    except Interrupted as error:
        (folder / f"{name}_{group.rank}.txt").write_text(str(error))
    finally:
        Trainer.advance = plain


def main(folder: Path) -> None:
    with joined(place(), CPU) as group:
        one("sudoku", folder, group)
        one("ids", folder, group)
        stopped("interrupted", folder, group)
        one("interrupted", folder, group)
        stopped("handed_over", folder, group)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
