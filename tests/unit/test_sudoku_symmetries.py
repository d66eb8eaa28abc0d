"""Group laws, and what a symmetry may not change."""

import numpy as np
import pytest
import torch

from hrm.data.sudoku.plan import augmentation_plan, group_order
from hrm.data.sudoku.solver import rate
from hrm.data.sudoku.symmetries import SudokuSymmetries

SHAPES = [(2, 2), (2, 3), (3, 2), (3, 3)]


def elements(group: SudokuSymmetries, count: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(group.random(np.random.default_rng(seed), count))


def any_boards(size: int, count: int) -> torch.Tensor:
    return torch.randint(0, size + 1, (count, size**2), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("shape", "order"), list(zip(SHAPES, [3072, 2488320, 2488320, 1218998108160], strict=True)))
def test_order_is_the_known_one(shape: tuple[int, int], order: int) -> None:
    assert group_order(*shape) == SudokuSymmetries(*shape).order == order


@pytest.mark.parametrize("shape", SHAPES)
def test_group_laws(shape: tuple[int, int]) -> None:
    group = SudokuSymmetries(*shape)
    a, b, c = (elements(group, 300, seed) for seed in range(3))
    boards = any_boards(shape[0] * shape[1], 300)
    identity = torch.full_like(a, group.identity)
    assert (group.apply(group.compose(a, b), boards) == group.apply(a, group.apply(b, boards))).all()
    assert (group.compose(group.compose(a, b), c) == group.compose(a, group.compose(b, c))).all()
    assert (group.apply(group.inverse(a), group.apply(a, boards)) == boards).all()
    assert (group.compose(a, group.inverse(a)) == identity).all()
    assert (group.compose(group.inverse(a), a) == identity).all()
    assert (group.compose(identity, a) == a).all()
    assert (group.apply(identity, boards) == boards).all()


@pytest.mark.parametrize("shape", [(2, 2), (1, 3)])
def test_all_codes_act_differently(shape: tuple[int, int]) -> None:
    group = SudokuSymmetries(*shape)
    size = shape[0] * shape[1]
    board = torch.zeros(1, size**2, dtype=torch.uint8)
    solved = rate(board.numpy(), *shape, limit=1).solutions
    marked = np.concatenate([solved, solved * np.eye(size**2, dtype=np.uint8)])  # the grid, and each cell alone
    codes = torch.arange(group.order)
    images = [group.apply(codes, torch.from_numpy(row).expand(len(codes), -1)) for row in marked]
    assert len(torch.unique(torch.cat(images, dim=1), dim=0)) == group.order


@pytest.mark.parametrize("shape", SHAPES)
def test_solutions_stay_solutions(shape: tuple[int, int]) -> None:
    group = SudokuSymmetries(*shape)
    size = shape[0] * shape[1]
    solved = torch.from_numpy(rate(np.zeros((1, size**2), dtype=np.uint8), *shape, limit=1).solutions)
    images = group.apply(elements(group, 200, 0), solved.expand(200, -1))
    assert (rate(images.numpy(), *shape).found == 1).all()
    assert len(torch.unique(images, dim=0)) > 20


def test_tokens_and_digits_agree_and_pad_stays() -> None:
    group = SudokuSymmetries(3, 3)
    codes, boards = elements(group, 50, 3), any_boards(9, 50)
    assert (group.apply_tokens(codes, boards + 1) == group.apply(codes, boards) + 1).all()
    assert not group.apply_tokens(codes, torch.zeros_like(boards)).any()
    assert (group.apply_tokens(codes, torch.ones_like(boards)) == 1).all()
    assert ((group.apply(codes, boards) == 0).sum(1) == (boards == 0).sum(1)).all()
    long = group.apply_tokens(codes, boards.long() + 1)
    assert long.dtype == torch.int64
    assert (long == group.apply(codes, boards) + 1).all()


def test_plan_is_seeded_and_begins_with_the_original() -> None:
    plan = augmentation_plan(4, 30, 10, True, 3, 3)
    assert plan.shape == (30, 11)
    assert not plan[:, 0].any()
    assert (plan == augmentation_plan(4, 30, 10, True, 3, 3)).all()
    assert (plan[:, 1:] != augmentation_plan(5, 30, 10, False, 3, 3)).any()
    assert plan.max() < group_order(3, 3)
    assert len(np.unique(plan[:, 1:])) == 300


def test_tokens_are_one_graph_for_the_compiler() -> None:
    group = SudokuSymmetries(2, 2)
    codes, tokens = elements(group, 8, 1), any_boards(4, 8) + 1
    compiled = torch.compile(group.apply_tokens, backend="eager", fullgraph=True)
    assert (compiled(codes, tokens) == group.apply_tokens(codes, tokens)).all()
