"""Shortest paths and optimal predictions, against networkx."""

import itertools

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.data.grid.paths import are_shortest, solve
from hrm.data.maze.optimal import is_optimal, shortest_paths
from hrm.data.maze.task import solve_mazes
from hrm.data.maze.tokens import GOAL, OPEN, PATH, START, WALL, Mazes, text

SIZES = st.integers(2, 6)


@st.composite
def mazes(draw: st.DrawFn) -> tuple[Mazes, int]:
    """A maze (cells,) with start and goal anywhere, solvable or not, and its size."""
    size = draw(SIZES)
    cells = draw(st.lists(st.sampled_from([WALL, OPEN, OPEN]), min_size=size**2, max_size=size**2))
    start, goal = draw(st.lists(st.integers(0, size**2 - 1), min_size=2, max_size=2, unique=True))
    maze = np.array(cells, dtype=np.uint8)
    maze[start], maze[goal] = START, GOAL
    return maze, size


def reference_paths(maze: Mazes, size: int) -> list[list[int]]:
    """All shortest paths as lists of cells."""
    graph = nx.grid_2d_graph(size, size)
    graph.remove_nodes_from([divmod(int(cell), size) for cell in np.flatnonzero(maze == WALL)])
    ends = [divmod(int(np.argmax(maze == token)), size) for token in (START, GOAL)]
    if not nx.has_path(graph, *ends):
        return []
    return [[row * size + column for row, column in path] for path in nx.all_shortest_paths(graph, *ends)]


def moves(path: list[int], size: int) -> list[int]:
    """The moves of a path: up, down, left, right."""
    return [[-size, size, -1, 1].index(after - before) for before, after in itertools.pairwise(path)]


def marked(maze: Mazes, path: list[int]) -> Mazes:
    result = maze.copy()
    result[path[1:-1]] = PATH
    return result


@settings(max_examples=200, deadline=None)
@given(mazes())
def test_shortest_paths_are_those_of_networkx(drawn: tuple[Mazes, int]) -> None:
    maze, size = drawn
    paths = reference_paths(maze, size)
    solved = solve_mazes(maze[None], size)
    if not paths:
        assert solved.length[0] == -1
        assert not solved.on_path.any() and not solved.moves.any()
        return
    assert solved.length[0] == len(paths[0]) - 1
    assert solved.ways[0] == len(paths)
    assert set(np.flatnonzero(solved.on_path[0])) == set().union(*paths)
    first = min(paths, key=lambda path: moves(path, size))
    assert set(np.flatnonzero(solved.moves[0])) == set(first[:-1])
    assert [solved.moves[0, cell] - 1 for cell in first[:-1]] == moves(first, size)


@settings(max_examples=100, deadline=None)
@given(mazes(), st.data())
def test_exactly_the_shortest_paths_are_optimal(drawn: tuple[Mazes, int], data: st.DataObject) -> None:
    maze, size = drawn
    paths = reference_paths(maze, size)
    right = [marked(maze, path) for path in paths]
    tried = [*right, *(any_tokens(data, right or [maze]) for _ in range(5))]
    inputs = torch.from_numpy(maze).expand(len(tried), -1)
    found = is_optimal(inputs, torch.from_numpy(np.stack(tried)))
    correct = {answer.tobytes() for answer in right}
    assert found.tolist() == [answer.tobytes() in correct for answer in tried]


def any_tokens(data: st.DataObject, answers: list[Mazes]) -> Mazes:
    """An answer with up to three tokens changed."""
    answer = data.draw(st.sampled_from(answers)).copy()
    for cell in data.draw(st.lists(st.integers(0, len(answer) - 1), max_size=3)):
        answer[cell] = data.draw(st.integers(0, 5))
    return answer


def maze_of(lines: str) -> Mazes:
    return np.array([" # SGo".index(character, 1) for character in lines.replace("\n", "")], dtype=np.uint8)


def test_what_is_not_optimal() -> None:
    maze = maze_of("S  #\n  ##\n   G\n    ")
    good = maze_of("So #\n o##\n ooG\n    ")
    assert text(good, 4) == "So #\n o##\n ooG\n    "
    assert shortest_paths(torch.from_numpy(maze[None])).ways.tolist() == [3.0]
    wrong = {
        "longer": "So #\n o##\n o G\n ooo",
        "a gap": "So #\n o##\n  oG\n    ",
        "one mark too many": "Soo#\n o##\n ooG\n    ",
        "one mark instead of another": "So #\n o##\no oG\n    ",
        "two halves of two paths": "So #\no ##\n ooG\n    ",
        "an opened wall": "So  \n o##\n ooG\n    ",
        "a lost goal": "So #\n o##\n ooo\n    ",
    }
    answers = np.stack([good, *(maze_of(answer) for answer in wrong.values())])
    found = is_optimal(torch.from_numpy(maze).expand(len(answers), -1), torch.from_numpy(answers).long())
    assert found.tolist() == [True] + [False] * len(wrong)


def test_malformed_mazes_have_no_path() -> None:
    good = maze_of("S G\n   \n   ")
    two_goals, no_start, pad = good.copy(), good.copy(), good.copy()
    two_goals[8], no_start[0], pad[7] = GOAL, OPEN, 0
    found = shortest_paths(torch.from_numpy(np.stack([good, two_goals, no_start, pad])))
    assert found.length.tolist() == [2, -1, -1, -1]
    assert found.ways.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert found.on_path.any(1).tolist() == [True, False, False, False]
    with pytest.raises(DataError, match="square number"):
        is_optimal(torch.ones(1, 8), torch.ones(1, 8))


def test_start_and_goal_side_by_side_need_no_mark() -> None:
    maze = torch.from_numpy(maze_of("SG\n  ")[None])
    assert is_optimal(maze, maze).tolist() == [True]
    assert not is_optimal(maze, torch.from_numpy(maze_of("SG\no ")[None])).any()


def test_an_empty_board_has_binomially_many_paths() -> None:
    board: NDArray[np.uint8] = np.full((1, 400), OPEN, dtype=np.uint8)
    board[0, 0], board[0, -1] = START, GOAL
    solved = solve_mazes(board, 20)
    assert (solved.length[0], solved.ways[0]) == (38, 35345263800.0)
    assert solved.on_path.all()


def test_openings_that_lead_out_of_the_grid_are_none() -> None:
    everywhere = np.full((1, 12 * 12), 15, dtype=np.uint8)
    ends = np.array([0]), np.array([143])
    assert solve(everywhere, *ends, 12).length[0] == 22
    marks = np.zeros((1, 144), dtype=np.bool_)
    marks[0, 1:12] = marks[0, 23:143:12] = True
    assert are_shortest(everywhere, *ends, marks, 12).all()
