"""The sampler draws the very distribution of plain rejection sampling."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import chisquare, ks_2samp

from hrm.bench.maze import plain, properties
from hrm.core.errors import DataError
from hrm.core.seeds import derive_seed, numpy_generator
from hrm.data.maze.params import CountedWalls, IndependentWalls, MazeParams
from hrm.data.maze.sampler import MazeRules, sample
from hrm.data.maze.task import TASK, solve_mazes
from hrm.data.maze.tokens import GOAL, OPEN, START, WALL

COUNT = CountedWalls(rule="count", minimum_share=0.2, maximum_share=0.6)
INDEPENDENT = IndependentWalls(rule="independent", probability=0.35)


def maze_params(size: int, longer_than: int, walls: CountedWalls | IndependentWalls = COUNT, **more: int) -> MazeParams:
    numbers = {"seed": 5, "train_mazes": 10, "test_mazes": 10, "attempts": 10**7, **more}
    return MazeParams(
        task="maze_hard",
        family="maze",
        source="generated",
        size=size,
        walls=walls,
        path_longer_than=longer_than,
        spare=0.0,
        dihedral=False,
        **numbers,
    )


def all_mazes(params: MazeParams) -> dict[bytes, float]:
    """The probability of every maze, from the definition: walls, start, goal, and only if the path is long enough."""
    cells = params.size**2
    weights = {}
    for start, goal in itertools.permutations(range(cells), 2):
        others = [cell for cell in range(cells) if cell not in (start, goal)]
        for chosen in itertools.product([OPEN, WALL], repeat=len(others)):
            walls = chosen.count(WALL)
            if isinstance(params.walls, CountedWalls):
                fewest, most = params.wall_counts
                # Walls among all cells, then start and goal among the open ones; each number is equally likely.
                free = cells - walls
                weight = fewest <= walls <= most and 1 / (math.comb(cells, walls) * free * (free - 1))
            else:
                p = params.walls.probability
                weight = p**walls * (1 - p) ** (len(others) - walls)
            if weight:
                maze = np.full(cells, OPEN, dtype=np.uint8)
                maze[others] = chosen
                maze[start], maze[goal] = START, GOAL
                weights[maze.tobytes()] = float(weight)
    mazes = np.frombuffer(b"".join(weights), dtype=np.uint8).reshape(-1, cells)
    long_enough = solve_mazes(mazes, params.size).length > params.path_longer_than
    kept = {key: weight for (key, weight), good in zip(weights.items(), long_enough, strict=True) if good}
    total = sum(kept.values())
    return {key: weight / total for key, weight in kept.items()}


@pytest.mark.parametrize("walls", [COUNT, INDEPENDENT])
@pytest.mark.parametrize("longer_than", [0, 3])
def test_every_small_maze_comes_as_often_as_it_should(walls: CountedWalls | IndependentWalls, longer_than: int) -> None:
    params = maze_params(3, longer_than, walls)
    expected = all_mazes(params)
    draws = 40000
    rules = MazeRules.of(params)
    found = dict.fromkeys(expected, 0)
    for index in range(draws):
        found[sample(rules, derive_seed(longer_than, "test", index))[0].tobytes()] += 1
    frequent = [key for key, share in expected.items() if share * draws >= 5]
    observed = np.array([found[key] for key in frequent] + [draws - sum(found[key] for key in frequent)])
    wanted = np.array([expected[key] * draws for key in frequent])
    wanted = np.append(wanted, draws - wanted.sum())
    used = wanted > 1e-6
    assert observed[~used].sum() == 0
    assert used.sum() > 60
    assert chisquare(observed[used], wanted[used]).pvalue > 1e-3


@pytest.mark.parametrize("walls", [COUNT, INDEPENDENT])
def test_it_agrees_with_plain_rejection_sampling(walls: CountedWalls | IndependentWalls) -> None:
    params = maze_params(9, 16, walls)
    ours = TASK.make_candidates(params, 0, 2000, 1, str)
    theirs = plain(params, 2000, params.attempts, numpy_generator(6, "plain"))
    assert ours["attempts"].sum() == pytest.approx(theirs.attempts, rel=0.2 if walls is COUNT else 0.9)
    for name, value in properties(theirs.mazes, 9).items():
        assert ks_2samp(properties(ours["mazes"], 9)[name], value).pvalue > 1e-3, name


def test_wall_counts_are_those_of_the_range() -> None:
    params = maze_params(10, 0, CountedWalls(rule="count", minimum_share=0.3, maximum_share=0.32))
    mazes = TASK.make_candidates(params, 0, 300, 1, str)["mazes"]
    assert set((mazes == WALL).sum(axis=1)) == {30, 31, 32}
    empty = maze_params(5, 7, CountedWalls(rule="count", minimum_share=0.0, maximum_share=0.0))
    ends = TASK.make_candidates(empty, 0, 50, 1, str)["mazes"]
    assert {tuple(sorted(np.flatnonzero(maze != OPEN))) for maze in ends} == {(0, 24), (4, 20)}


@pytest.mark.parametrize("size", [2, 31, 62])
def test_all_sizes_give_mazes_of_the_wanted_length(size: int) -> None:
    params = maze_params(size, size, CountedWalls(rule="count", minimum_share=0.2, maximum_share=0.3))
    if size == 2:
        with pytest.raises(DataError, match="longer than 2 in 1,000 attempts"):
            TASK.make_candidates(maze_params(2, 2, COUNT, attempts=1000), 0, 1, 1, str)
        return
    mazes = TASK.make_candidates(params, 0, 5, 1, str)["mazes"]
    assert (solve_mazes(mazes, size).length > size).all()


def test_candidates_depend_on_seed_and_index_alone() -> None:
    params = maze_params(8, 12)
    whole = TASK.make_candidates(params, 0, 30, 2, str)
    part = TASK.make_candidates(params, 11, 23, 1, str)
    assert (part["mazes"] == whole["mazes"][11:23]).all()
    assert (part["attempts"] == whole["attempts"][11:23]).all()
    assert len(np.unique(whole["mazes"], axis=0)) == 30
    other = TASK.make_candidates(maze_params(8, 12, seed=6), 0, 30, 1, str)
    assert not (other["mazes"] == whole["mazes"]).all(axis=1).any()
