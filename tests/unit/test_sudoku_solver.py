"""The compiled solver against a slow one that is written from the definition."""

import numpy as np
import pytest

from hrm.data.sudoku.generator import random_grid, remove_clues
from hrm.data.sudoku.layout import layout
from hrm.data.sudoku.solver import new_stack, rate

BOXES = [(2, 2, 12), (2, 3, 12), (3, 2, 12), (1, 5, 8), (2, 4, 6), (4, 2, 4), (3, 3, 6)]


def puzzles(height: int, width: int, count: int, clues: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random minimal puzzles and the grids that they were made from."""
    shape = layout(height, width)
    stack, cells = new_stack(shape), shape.size**2
    boards, grids = np.zeros((2, count, cells), dtype=np.uint8)
    for i in range(count):
        random = np.array([1000 * i + height], dtype=np.uint64)
        random_grid(shape, stack, random, grids[i])
        boards[i] = grids[i]
        remove_clues(shape, stack, random, boards[i], np.arange(cells), clues)
    return boards, grids


class SlowSolver:
    """Naked and hidden singles, then a cell with the fewest candidates by the stated rule, in sets and loops."""

    def __init__(self, height: int, width: int) -> None:
        size = height * width
        rows = [{(r, c) for c in range(size)} for r in range(size)]
        columns = [{(r, c) for r in range(size)} for c in range(size)]
        boxes = [
            {(r + i, c + j) for i in range(height) for j in range(width)}
            for r in range(0, size, height)
            for c in range(0, size, width)
        ]
        self.size, self.units = size, rows + columns + boxes
        self.peers = {
            cell: set().union(*(unit for unit in self.units if cell in unit)) - {cell} for cell in set().union(*rows)
        }

    def solve(self, board: np.ndarray, limit: int) -> tuple[list[list[int]], int]:
        """Solutions up to `limit`, and guesses."""
        self.solutions, self.guesses, self.limit = [], 0, limit
        candidates = {}
        for i, digit in enumerate(board.tolist()):
            candidates[divmod(i, self.size)] = {digit} if digit else set(range(1, self.size + 1))
        self._search(candidates)
        return self.solutions, self.guesses

    def _propagate(self, candidates: dict) -> bool:
        before = None
        while before != candidates:
            before = {cell: set(digits) for cell, digits in candidates.items()}
            for cell, digits in candidates.items():
                if len(digits) == 1:
                    for peer in self.peers[cell]:
                        candidates[peer] -= digits
            for unit in self.units:
                for digit in range(1, self.size + 1):
                    places = [cell for cell in unit if digit in candidates[cell]]
                    if not places:
                        return False
                    if len(places) == 1:
                        candidates[places[0]] &= {digit}
            if not all(candidates.values()):
                return False
        return True

    def _search(self, candidates: dict) -> None:
        if not self._propagate(candidates):
            return
        open_cells = [cell for cell in candidates if len(candidates[cell]) > 1]
        if not open_cells:
            self.solutions.append([next(iter(candidates[cell])) for cell in sorted(candidates)])
            return
        pairs = {cell for cell in open_cells if len(candidates[cell]) == 2}
        seen = {cell: len(pairs & self.peers[cell]) if pairs else 0 for cell in open_cells}
        cell = min(open_cells, key=lambda cell: (len(candidates[cell]), -seen[cell], cell))
        for digit in sorted(candidates[cell]):
            if len(self.solutions) == self.limit:
                return
            self.guesses += 1
            self._search({**{other: set(digits) for other, digits in candidates.items()}, cell: {digit}})


@pytest.mark.parametrize(("height", "width", "count"), BOXES)
def test_counts_the_same_guesses_and_solutions_as_the_slow_solver(height: int, width: int, count: int) -> None:
    boards, grids = puzzles(height, width, count)
    boards[count // 2 :][boards[count // 2 :] == 1] = 0  # half of them lose clues: several solutions, more guesses
    rated = rate(boards, height, width, limit=3)
    slow = SlowSolver(height, width)
    for i in range(count):
        solutions, guesses = slow.solve(boards[i], limit=3)
        assert (rated.found[i], rated.rating[i]) == (len(solutions), guesses)
        assert rated.solutions[i].tolist() == solutions[0]
    assert (rated.solutions[: count // 2] == grids[: count // 2]).all()


def test_rating_does_not_depend_on_the_names_of_the_digits() -> None:
    boards, _ = puzzles(3, 3, 60)
    names = np.concatenate([[0], np.random.default_rng(0).permutation(9) + 1]).astype(np.uint8)
    rating = rate(boards, 3, 3).rating
    assert rating.max() > 5
    assert (rate(names[boards], 3, 3).rating == rating).all()


def test_rating_depends_little_on_the_arrangement() -> None:
    boards, _ = puzzles(3, 3, 60)
    grids = boards.reshape(-1, 9, 9)
    turned = rate(grids[:, ::-1, ::-1].reshape(-1, 81), 3, 3).rating.mean()
    assert rate(boards, 3, 3).rating.mean() == pytest.approx(turned, rel=0.1)


def test_boards_without_a_solution_count_none() -> None:
    two_equal_clues = np.zeros(81, dtype=np.uint8)
    two_equal_clues[[0, 8]] = 5
    dead_cell = np.zeros(81, dtype=np.uint8)
    dead_cell[1:9] = [1, 2, 3, 4, 5, 6, 7, 8]
    dead_cell[9] = 9
    too_large = np.full(81, 10, dtype=np.uint8)
    rated = rate(np.stack([two_equal_clues, dead_cell, too_large]), 3, 3)
    assert rated.found.tolist() == [0, 0, 0]
    assert not rated.solutions.any()


def test_empty_board_stops_at_the_limit() -> None:
    assert rate(np.zeros((1, 81), dtype=np.uint8), 3, 3, limit=7).found.tolist() == [7]


def test_minimal_puzzles_need_every_clue() -> None:
    boards, _ = puzzles(2, 3, 5)
    for board in boards:
        for cell in np.flatnonzero(board):
            less = board.copy()
            less[cell] = 0
            assert rate(less, 2, 3).found == 2
