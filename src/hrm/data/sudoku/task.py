"""The task Sudoku: candidates by index, then a split into training and test puzzles that shares no class of puzzles."""

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.data.chunks import Report, in_chunks
from hrm.data.dataset import DatasetInfo, save_dataset
from hrm.data.shards import Arrays
from hrm.data.sudoku import published
from hrm.data.sudoku.canonical import Canonical, class_keys
from hrm.data.sudoku.difficulty import Difficulty, make_puzzles
from hrm.data.sudoku.params import SudokuParams
from hrm.data.sudoku.plan import augmentation_plan, group_order
from hrm.data.sudoku.solver import rate
from hrm.data.sudoku.writing import canonical_forms_in_parallel, dataset_facts, make_split, split_statistics
from hrm.data.task import Augmenter, Symmetry, Task, to_both

EMPTY = 1  # token of an empty cell
CHUNK = 16  # candidates between two reports of progress


class Sudoku(Task):
    """Sudoku puzzles of any box shape up to 9x9."""

    empty_token = EMPTY

    def candidate_count(self, params: SudokuParams) -> int:
        """Enough that those wanted stay when equivalent ones are dropped; published ones all stay."""
        wanted = params.train_puzzles + params.test_puzzles
        return wanted if params.published else math.ceil(wanted * (1 + params.spare))

    def make_candidates(self, params: SudokuParams, start: int, stop: int, workers: int, report: Report) -> Arrays:
        """Candidates start to stop - 1: puzzles and solutions (count, cells) digits, rating (count,).

        Each depends on (seed, its index) alone. DataError when the search cannot reach the wanted rating, or published
        puzzles are not to be had.
        """
        if params.published:
            return published.make_candidates(params, start, stop, workers, report)
        difficulty = Difficulty.of(params)
        parts = in_chunks(partial(make_puzzles, difficulty, params.seed), start, stop, CHUNK, workers, report)
        empty = make_puzzles(difficulty, params.seed, range(0))
        return {key: np.concatenate([empty[key], *(part[key] for part in parts)]) for key in empty}

    def write_dataset(self, folder: Path, params: SudokuParams, candidates: Arrays, workers: int) -> DatasetInfo:
        """Check all candidates, drop equivalent ones in order of index, split, and write the data set.

        DataError when a candidate is wrong or too few classes are left.
        """
        if params.published:
            return published.write_dataset(folder, params, candidates, workers)
        puzzles, solutions = candidates["puzzles"], candidates["solutions"]
        height, width = params.box_height, params.box_width
        checked = rate(puzzles, height, width)
        good = (
            (checked.found == 1)
            & (checked.solutions == solutions).all(axis=1)
            & (checked.rating == candidates["rating"])
        )
        if not good.all():
            raise DataError(
                f"{folder}: candidate {int(np.argmin(good))} is damaged: its solution or its rating is wrong"
            )
        forms = canonical_forms_in_parallel(puzzles, solutions, height, width, workers)
        keys = class_keys(forms.puzzles)
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        kept = np.array(sorted(first.values()), dtype=np.int64)
        wanted = params.train_puzzles + params.test_puzzles
        if len(kept) < wanted:
            raise DataError(
                f"{folder}: {len(puzzles)} candidates hold only {len(kept)} classes of puzzles, and train_puzzles + "
                f"test_puzzles is {wanted}; raise spare, or take larger boards or more clues"
            )
        parts = {"train": kept[: params.train_puzzles], "test": kept[params.train_puzzles : wanted]}
        plan = augmentation_plan(
            params.seed, params.train_puzzles, params.augmentations, params.include_original, height, width
        )
        plans = {"train": plan, "test": np.zeros((params.test_puzzles, 0), dtype=np.int64)}
        splits = {
            name: make_split(puzzles[i], solutions[i], checked.rating[i], plans[name]) for name, i in parts.items()
        }
        statistics: dict[str, Any] = {
            name: split_statistics(
                puzzles[i], checked.rating[i], Canonical(forms.grids[i], forms.puzzles[i]), height, width
            )
            for name, i in parts.items()
        }
        statistics["candidates"] = len(puzzles)
        statistics["equivalent_dropped"] = len(puzzles) - len(kept)
        facts = dataset_facts(params.task, height, width, params.seed, params.model_dump(), statistics)
        return save_dataset(folder, splits["train"], splits["test"], facts)

    def encode(self, text: str, info: DatasetInfo) -> NDArray[np.uint8]:
        """Tokens (cells,) of a puzzle read row by row: digits, . or 0 for an empty cell."""
        digits = [0 if character == "." else int(character) for character in self.checked(text, ".0123456789", info)]
        if max(digits) > info.grid_shape[0]:
            raise DataError(f"the puzzle holds a {max(digits)}; its digits go from 1 to {info.grid_shape[0]}")
        return np.array(digits, dtype=np.uint8) + np.uint8(EMPTY)

    def import_puzzles(
        self, path: Path, options: Mapping[str, Any], folder: Path, role: str, workers: int
    ) -> DatasetInfo:
        """Options: style (lines or csv), box_height, box_width."""
        from hrm.data.sudoku.importer import import_puzzles

        box = options["box_height"], options["box_width"]
        return import_puzzles(path, options["style"], *box, folder, role, workers)

    def augmenter(self, info: DatasetInfo) -> Augmenter:
        """Digits, rows, columns, transposition."""
        from hrm.data.sudoku.symmetries import SudokuSymmetries

        return Augmenter(to_both(SudokuSymmetries(*_box(info)).apply_tokens), None)

    def symmetry(self, info: DatasetInfo, seed: int) -> Symmetry:
        """Random ones."""
        import torch

        from hrm.core.seeds import torch_generator
        from hrm.data.sudoku.symmetries import SudokuSymmetries

        board, order = SudokuSymmetries(*_box(info)), group_order(*_box(info))

        def codes(number: int, count: int) -> torch.Tensor:
            if number == 0:
                return torch.zeros(count, dtype=torch.long)
            generator = torch_generator(seed, "symmetries of tries", index=number)
            return torch.randint(order, (count,), generator=generator)

        return Symmetry(order, codes, board.apply_tokens, board.inverse)


def _box(info: DatasetInfo) -> tuple[int, int]:
    return info.generator["box_height"], info.generator["box_width"]


TASK = Sudoku()
