"""`hrm bench maze`: the maze sampler beside plain rejection sampling: its speed, and whether the mazes are alike."""

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.core.data_params import data_params
from hrm.core.errors import ParameterError
from hrm.core.seeds import derive_seed, numpy_generator
from hrm.data.chunks import in_chunks
from hrm.data.compiled import compiled
from hrm.data.maze.params import CountedWalls, IndependentWalls, MazeParams
from hrm.data.maze.sampler import MazeRules, sample
from hrm.data.maze.task import solve_mazes
from hrm.data.maze.tokens import GOAL, OPEN, START, WALL, Mazes

# Where plain rejection sampling is feasible: size, steps, mazes to compare.
FEASIBLE = [(10, 18, 20000), (16, 40, 4000), (30, 80, 1000)]


class Sampled(NamedTuple):
    """Mazes and what they cost."""

    mazes: Mazes  # (batch, cells)
    seconds: float
    attempts: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench maze`."""
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--task", default="maze_hard", help="task of family maze (maze_hard)")
    parser.add_argument("--scale", default="gpu", help="scale whose mazes are timed (gpu)")
    parser.add_argument("--mazes", type=int, default=2000, help="mazes of the task that are timed (2000)")
    parser.add_argument("--workers", type=int, default=2, help="threads (2)")
    parser.add_argument("--plain", type=int, default=0, help="mazes of the task that plain rejection makes, too (0)")


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """A row of times for the task, then for each feasible size times of both samplers and their distributions."""
    params = data_params(arguments.params, arguments.scale, arguments.task, [])
    if not isinstance(params, MazeParams):
        raise ParameterError(f"--task is {arguments.task}; it must be a task of family maze")
    sample(MazeRules.of(params)._replace(attempts=1), 0)  # compiles
    made = fast(params, arguments.mazes, arguments.workers)
    rows = [{"size": params.size, "longer_than": params.path_longer_than, **cost("exact sampler", made)}]
    for size, longer_than, count in [*FEASIBLE, (params.size, params.path_longer_than, arguments.plain)]:
        if count:
            smaller = params.model_copy(update={"size": size, "path_longer_than": longer_than})
            rows += compare(smaller, count, arguments.workers)
    return rows


def compare(params: MazeParams, count: int, workers: int) -> list[dict[str, Any]]:
    """Times of both samplers, and a row a property of the mazes: both means, their standard errors, and a test.

    p_value is that of the two-sample Kolmogorov-Smirnov test, which for whole numbers is too large rather than too
    small.
    """
    from scipy.stats import ks_2samp

    plain(params, 1, 1, numpy_generator(0, "warm-up"))
    ours = fast(params, count, workers)
    theirs = plain(params, count, params.attempts, numpy_generator(params.seed, "plain"))
    same = {"size": params.size, "longer_than": params.path_longer_than}
    rows = [{**same, **cost("exact sampler", ours)}, {**same, **cost("plain rejection", theirs)}]
    found = [properties(sampled.mazes, params.size) for sampled in (ours, theirs)]
    for name in found[0]:
        values = [part[name] for part in found]
        row: dict[str, Any] = {**same, "property": name}
        for sampler, value in zip(("exact", "plain"), values, strict=True):
            row[f"mean_{sampler}"] = float(value.mean())
            row[f"error_{sampler}"] = float(value.std() / len(value) ** 0.5)
        rows.append({**row, "p_value": float(ks_2samp(values[0], values[1]).pvalue)})
    return rows


def cost(name: str, sampled: Sampled) -> dict[str, Any]:
    """Time of a sampler; all threads together."""
    count = len(sampled.mazes)
    return {
        "sampler": name,
        "mazes": count,
        "seconds": sampled.seconds,
        "mazes_per_second": count / sampled.seconds,
        "attempts_per_maze": sampled.attempts / count,
        "microseconds_per_attempt": 1e6 * sampled.seconds / sampled.attempts,
    }


def properties(mazes: Mazes, size: int) -> dict[str, NDArray[np.float64]]:
    """What the distributions are compared by, each (batch,)."""
    solved = solve_mazes(mazes, size)
    starts, goals = (mazes == START).argmax(axis=1), (mazes == GOAL).argmax(axis=1)
    straight = abs(starts // size - goals // size) + abs(starts % size - goals % size)
    border = np.minimum.reduce([starts // size, starts % size, size - 1 - starts // size, size - 1 - starts % size])
    return {
        "wall_share": (mazes == WALL).mean(axis=1),
        "path_length": solved.length.astype(float),
        "path_density": solved.length / (mazes != WALL).sum(axis=1),
        "cells_on_shortest_paths": solved.on_path.sum(axis=1).astype(float),
        "log10_shortest_paths": np.log10(solved.ways),
        "straight_distance": straight.astype(float),
        "start_to_border": border.astype(float),
    }


def fast(params: MazeParams, count: int, workers: int) -> Sampled:
    """`count` mazes of the sampler of the pipeline."""
    rules = MazeRules.of(params)
    begin = time.perf_counter()
    made = in_chunks(lambda one: sample(rules, derive_seed(params.seed, "bench", one.start)), 0, count, 1, workers)
    seconds = time.perf_counter() - begin
    return Sampled(np.stack([maze for maze, _ in made]), seconds, sum(attempts for _, attempts in made))


def plain(params: MazeParams, count: int, attempts: int, generator: np.random.Generator) -> Sampled:
    """`count` mazes of plain rejection sampling, word for word: walls, start, goal, search, and again if too short."""
    counted = isinstance(params.walls, CountedWalls)
    fewest, most = params.wall_counts if counted else (0, 0)
    probability = params.walls.probability if isinstance(params.walls, IndependentWalls) else 0.0
    mazes = np.empty((count, params.size**2), dtype=np.uint8)
    begin = time.perf_counter()
    total = 0
    for maze in mazes:
        total += _plain(
            params.size, counted, fewest, most, probability, params.path_longer_than, attempts, generator, maze
        )
    return Sampled(mazes, time.perf_counter() - begin, total)


@compiled
def _plain(
    size: int,
    counted: bool,
    fewest: int,
    most: int,
    probability: float,
    longer_than: int,
    attempts: int,
    generator: np.random.Generator,
    maze: NDArray[np.uint8],
) -> int:
    cells = size * size
    order = np.arange(cells)
    queue = np.empty(cells, dtype=np.int64)
    distance = np.empty(cells, dtype=np.int64)
    for attempt in range(1, attempts + 1):
        walls = fewest + int(generator.random() * (most - fewest + 1)) if counted else 0
        # The first cells of a random order: walls, then start and goal.
        for place in range(walls + 2):
            other = place + int(generator.random() * (cells - place))
            order[place], order[other] = order[other], order[place]
        start, goal = order[walls], order[walls + 1]
        maze[:] = OPEN
        for place in range(walls):
            maze[order[place]] = WALL
        if not counted:
            for cell in range(cells):
                if cell != start and cell != goal and generator.random() < probability:
                    maze[cell] = WALL
        maze[start], maze[goal] = START, GOAL
        distance[:] = -1
        distance[start] = 0
        queue[0] = start
        read, write = 0, 1
        while read < write and distance[goal] < 0:
            cell = queue[read]
            read += 1
            for move in range(4):
                row, column = cell // size, cell % size
                if move < 2:
                    row += 2 * move - 1
                else:
                    column += 2 * move - 5
                if 0 <= row < size and 0 <= column < size:
                    other = row * size + column
                    if maze[other] != WALL and distance[other] < 0:
                        distance[other] = distance[cell] + 1
                        queue[write] = other
                        write += 1
        if distance[goal] > longer_than:
            return attempt
    return attempts
