"""Group laws, and batches on the device beside one grid after another."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from arc_cases import codes, grids, random_pairs
from hrm.data.arc.encoding import encode
from hrm.data.arc.group import IDENTITY, ORDER, Grid, apply_code, code_name, compose, inverse
from hrm.data.arc.reference import canvases
from hrm.data.arc.symmetries import ArcSymmetries
from hrm.data.permutations import permutations, ranks
from hrm.data.turns import TURNS, turned

SIDE = 6


def same(first: Grid, second: Grid) -> bool:
    return first.shape == second.shape and bool((first == second).all())


def one(codes: np.ndarray) -> int:
    return int(codes[0])


@given(grids(), codes, codes, codes)
def test_group_laws(grid: Grid, a: int, b: int, c: int) -> None:
    x, y, z = (np.array([code]) for code in (a, b, c))
    assert same(apply_code(one(compose(x, y)), grid), apply_code(a, apply_code(b, grid)))
    assert same(apply_code(one(inverse(x)), apply_code(a, grid)), grid)
    assert compose(compose(x, y), z) == compose(x, compose(y, z))
    assert compose(x, inverse(x)) == compose(inverse(x), x) == IDENTITY
    assert compose(x, np.array([IDENTITY])) == x
    assert same(apply_code(IDENTITY, grid), grid)
    assert (apply_code(a, grid) == 0).sum() == (grid == 0).sum()


def test_all_codes_act_differently() -> None:
    grid = np.arange(10, dtype=np.uint8).reshape(2, 5)
    rng = np.random.default_rng(0)
    chosen = np.unique(rng.integers(ORDER, size=2000))
    images = {(*image.shape, image.tobytes()) for image in (apply_code(code, grid) for code in chosen)}
    assert len(images) == len(chosen)


def test_turns_and_names_are_those_of_the_published_code() -> None:
    grid = np.array([[1, 2, 3], [4, 5, 6]])
    wanted = [
        [[1, 2, 3], [4, 5, 6]],
        [[3, 6], [2, 5], [1, 4]],
        [[6, 5, 4], [3, 2, 1]],
        [[4, 1], [5, 2], [6, 3]],
        [[3, 2, 1], [6, 5, 4]],
        [[4, 5, 6], [1, 2, 3]],
        [[1, 4], [2, 5], [3, 6]],
        [[6, 3], [5, 2], [4, 1]],
    ]
    assert [turned(grid, turn).tolist() for turn in range(TURNS)] == wanted
    assert code_name(IDENTITY) == "t0_0123456789"
    assert code_name(ORDER - 1) == "t7_0987654321"
    assert apply_code(ORDER - 1, grid.astype(np.uint8)).tolist() == [[4, 7], [5, 8], [6, 9]]


def test_ranks_undo_the_table_of_permutations() -> None:
    assert len(permutations(5)) == 120
    assert (ranks(permutations(5)) == np.arange(120)).all()
    assert (permutations(0).shape, permutations(1).tolist()) == ((1, 0), [[0]])


def batch(side: int, count: int) -> tuple[list, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pairs of all shapes under all turns, their canvases and codes."""
    made = random_pairs(count, side)
    tokens = torch.from_numpy(np.array([[encode(grid, side) for grid in pair] for pair in made]))
    rng = np.random.default_rng(1)
    chosen = torch.from_numpy(rng.integers(ORDER // TURNS, size=count) * TURNS + np.arange(count) % TURNS)
    return made, tokens[:, 0], tokens[:, 1], chosen


@pytest.mark.parametrize("side", [1, 5, 30])
def test_batches_equal_one_grid_after_another(side: int) -> None:
    made, inputs, labels, chosen = batch(side, 240)
    symmetries = ArcSymmetries(side)
    moved = [symmetries.apply_tokens(chosen, tokens) for tokens in (inputs, labels)]
    draws = torch.from_numpy(np.random.default_rng(2).random((240, 2), dtype=np.float32))
    draws[:3] = torch.tensor([[0.0, 0.0], [1 - 2**-24, 1 - 2**-24], [0.5, 0.0]])
    shifted = symmetries.translate(*moved, draws)
    for i, pair in enumerate(made):
        still = canvases(pair, int(chosen[i]), side)
        away = canvases(pair, int(chosen[i]), side, draws[i].tolist())
        for j in range(2):
            assert (moved[j][i].numpy() == still[j]).all()
            assert (shifted[j][i].numpy() == away[j]).all()


@given(st.integers(0, SIDE - 1), st.integers(0, SIDE - 1))
def test_offsets_are_all_those_that_the_room_allows(height: int, width: int) -> None:
    tokens = torch.from_numpy(encode(np.full((height + 1, width + 1), 3, dtype=np.uint8), SIDE)).expand(400, -1)
    draws = torch.rand(400, 2, generator=torch.Generator().manual_seed(0))
    moved, _ = ArcSymmetries(SIDE).translate(tokens, tokens, draws)
    places = {tuple(row.tolist()) for row in moved}
    assert len(places) == (SIDE - height) * (SIDE - width)
    assert ((moved > 1).sum(1) == (height + 1) * (width + 1)).all()


def test_a_batch_is_one_graph_for_the_compiler_and_keeps_its_type() -> None:
    _, inputs, labels, chosen = batch(SIDE, 16)
    symmetries = ArcSymmetries(SIDE)
    draws = torch.rand(16, 2)

    def both(a: torch.Tensor, b: torch.Tensor, codes: torch.Tensor, draws: torch.Tensor) -> tuple:
        return symmetries.translate(symmetries.apply_tokens(codes, a), symmetries.apply_tokens(codes, b), draws)

    compiled = torch.compile(both, backend="eager", fullgraph=True)(inputs, labels, chosen, draws)
    plain = both(inputs, labels, chosen, draws)
    assert all((a == b).all() for a, b in zip(plain, compiled, strict=True))
    assert plain[0].dtype == torch.uint8
    assert (both(inputs.long(), labels.long(), chosen, draws)[1] == plain[1].long()).all()
