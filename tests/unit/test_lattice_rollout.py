"""Rollouts of predicted next cells, against one that walks maze by maze."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hrm.core.errors import DataError
from hrm.data.grid.paths import solve
from hrm.data.lattice.rollout import length_ratios, nearly_shortest, rollout
from hrm.data.lattice.tokens import Tokens, decode, drop_walls, encode, openings_of

CHANGES = [(-1, 0), (1, 0), (0, -1), (0, 1)]


def random_mazes(rng: np.random.Generator, size: int, count: int) -> Tokens:
    connections = rng.random((count, 2, size, size)) < 0.7
    connections[:, 0, -1] = connections[:, 1, :, -1] = False
    ends = np.stack([rng.choice(size**2, 2, replace=False) for _ in range(count)])
    return encode(np.stack([openings_of(maze) for maze in connections]), ends[:, 0], ends[:, 1])


def reference_rollout(maze: Tokens, prediction: Tokens, size: int) -> tuple[bool, int | None]:
    """Walk until the goal (True and the steps), or fail (False; the steps matter no more)."""
    openings, starts, goals = decode(maze[None])
    cell, steps, seen = int(starts[0]), 0, set()
    while cell != goals[0]:
        move = int(prediction[cell]) - 1
        if cell in seen or not 0 <= move < 4 or not openings[0][cell] >> move & 1:
            return False, None
        seen.add(cell)
        row, column = divmod(cell, size)
        row, column = row + CHANGES[move][0], column + CHANGES[move][1]
        if not (0 <= row < size and 0 <= column < size):
            return False, None
        cell, steps = row * size + column, steps + 1
    return True, steps


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.integers(0, 2**32 - 1), st.booleans())
def test_rollouts_are_those_of_the_reference(size: int, seed: int, walls: bool) -> None:
    rng = np.random.default_rng(seed)
    mazes = random_mazes(rng, size, 30)
    if not walls:
        mazes = drop_walls(mazes)
    moves = solve(*decode(mazes), size).moves
    noise = rng.integers(0, 7, moves.shape, dtype=np.uint8)
    # A third right, a third with some noise, a third noise.
    predictions = np.where(rng.random(moves.shape) < np.repeat([0.0, 0.1, 1.0], 10)[:, None], noise, moves)
    found = rollout(torch.from_numpy(mazes), torch.from_numpy(predictions))
    for row in range(30):
        reached, steps = reference_rollout(mazes[row], predictions[row], size)
        assert found.reached[row] == reached
        assert steps is None or found.steps[row] == steps


def test_labels_reach_the_goal_on_the_shortest_way() -> None:
    mazes = random_mazes(np.random.default_rng(0), 6, 200)
    solved = solve(*decode(mazes), 6)
    solvable = solved.length > 0
    found = rollout(torch.from_numpy(mazes), torch.from_numpy(solved.moves))
    shortest = torch.from_numpy(solved.length)
    assert (found.reached.numpy() == solvable).all()
    assert (found.steps[solvable] == shortest[solvable]).all()
    assert (nearly_shortest(found, shortest).numpy() == solvable).all()
    ratios = length_ratios(found, shortest)
    assert (ratios[solvable] == 1).all()
    assert torch.isinf(ratios[~solvable]).all()


def test_a_detour_counts_as_nearly_shortest_up_to_five_per_cent() -> None:
    # One row of open cells above another: the detour takes two cells more.
    for size, near in ((20, False), (40, True)):
        openings = openings_of(np.ones((2, size, size), dtype=bool)).reshape(size, size)
        openings[0] &= 0b1110
        openings[-1] &= 0b1101
        openings[:, 0] &= 0b1011
        openings[:, -1] &= 0b0111
        maze = encode(openings.reshape(1, -1), np.array([0]), np.array([size - 1]))
        answer = np.zeros((size, size), dtype=np.uint8)
        answer[0, 0], answer[1, :-1], answer[1, -1] = 2, 4, 1
        found = rollout(torch.from_numpy(maze), torch.from_numpy(answer.reshape(1, -1)))
        assert found.steps.tolist() == [size + 1]
        assert nearly_shortest(found, torch.tensor([size - 1])).tolist() == [near]


def test_circles_end() -> None:
    openings = openings_of(np.ones((2, 3, 3), dtype=bool))
    maze = encode(openings[None], np.array([0]), np.array([8]))
    circle = np.array([[4, 2, 0, 1, 3, 0, 0, 0, 0]], dtype=np.uint8)
    assert not rollout(torch.from_numpy(maze), torch.from_numpy(circle)).reached.any()
    with pytest.raises(DataError, match="square number"):
        rollout(torch.ones(1, 8), torch.ones(1, 8))
