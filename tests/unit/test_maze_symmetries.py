"""The eight symmetries of the square, and what they leave as it is."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hrm.core.errors import DataError
from hrm.data.dataset import DatasetInfo
from hrm.data.grid.symmetries import SquareSymmetries
from hrm.data.maze.optimal import is_optimal, shortest_paths
from hrm.data.maze.sampler import MazeRules, sample
from hrm.data.maze.task import solve_mazes
from hrm.data.task import Examples, augmenter
from hrm.data.turns import INVERSE, ORDER, class_keys, first_of_each_class, sources

GRIDS = st.integers(1, 6).flatmap(
    lambda size: st.lists(st.integers(0, 5), min_size=size**2, max_size=size**2).map(
        lambda cells: np.array(cells, dtype=np.uint8)
    )
)


def info(family: str, size: int) -> DatasetInfo:
    return DatasetInfo(
        task="any",
        family=family,
        vocabulary_size=6,
        grid_shape=[size, size],
        puzzle_ids=1,
        group_names={},
        train_examples=0,
        test_examples=0,
        seed=0,
        generator={},
        statistics={},
        sha256={},
    )


@given(GRIDS, st.integers(0, 7), st.integers(0, 7))
def test_a_symmetry_and_its_inverse_give_the_grid_back(grid: np.ndarray, code: int, later: int) -> None:
    size = int(len(grid) ** 0.5)
    symmetries = SquareSymmetries(size)
    tokens = torch.from_numpy(grid[None])
    moved = symmetries.apply_tokens(torch.tensor([code]), tokens)
    assert (symmetries.apply_tokens(torch.tensor([INVERSE[code]]), moved) == tokens).all()
    assert (symmetries.apply_tokens(torch.tensor([0]), tokens) == tokens).all()
    twice = sources(size)[code][sources(size)[later]]
    assert (twice == sources(size)).all(axis=1).any()
    assert class_keys(moved.numpy()) == class_keys(grid[None])


def test_codes_are_those_of_the_published_code() -> None:
    grid = np.arange(9).reshape(3, 3)
    expected = [
        grid,
        np.rot90(grid),
        np.rot90(grid, 2),
        np.rot90(grid, 3),
        np.fliplr(grid),
        np.flipud(grid),
        grid.T,
        np.fliplr(np.rot90(grid)),
    ]
    assert len(expected) == ORDER
    for code, image in enumerate(expected):
        assert (grid.ravel()[sources(3)[code]] == image.ravel()).all()


def test_classes_are_told_apart() -> None:
    boards = np.random.default_rng(0).integers(1, 3, (40, 9), dtype=np.uint8)
    images = np.concatenate([boards[:, source] for source in sources(3)])
    kept = first_of_each_class(images)
    assert set(kept) <= set(range(40))
    assert len(set(class_keys(images))) == len(kept)
    for row in range(40):
        same = [other for other in kept if (boards[row][sources(3)] == boards[other]).all(axis=1).any()]
        assert len(same) == 1


def test_augmented_labels_are_shortest_paths() -> None:
    rules = MazeRules(9, 20, 30, 0, 14, 10**6)
    mazes = np.stack([sample(rules, seed)[0] for seed in range(16)])
    moves = solve_mazes(mazes, 9).moves
    labels = np.where((moves > 0) & (mazes == 2), np.uint8(5), mazes)
    codes = torch.arange(16) % 8
    apply = augmenter(info("maze", 9)).apply
    base = Examples(torch.from_numpy(mazes), torch.from_numpy(labels))
    moved = apply(base, codes)
    assert is_optimal(*moved).all()
    assert (shortest_paths(moved.inputs).length == shortest_paths(base.inputs).length).all()
    for row, code in enumerate(codes):
        assert (moved.inputs[row] == base.inputs[row][sources(9)[int(code)]]).all()
    compiled = torch.compile(apply, backend="eager", fullgraph=True)
    assert all((a == b).all() for a, b in zip(compiled(base, codes), moved, strict=True))


def test_lattice_mazes_stay_as_they_are_and_unknown_families_are_refused() -> None:
    base = Examples(torch.ones(3, 4), torch.ones(3, 4))
    assert augmenter(info("lattice", 2)).apply(base, torch.zeros(3, dtype=torch.long)) == base
    with pytest.raises(DataError, match="known are arc, lattice, maze and sudoku"):
        augmenter(info("crossword", 2))
