"""Shortest paths on square grids, by breadth-first search in compiled code.

A grid is given by its openings: bit m of `openings[cell]` says that move m leads from the cell to its neighbour. Moves
are up, down, left, right, in this order, which also decides which shortest path is "the first": the one whose moves
from the start come first in lexicographic order. A breadth-first search that looks at neighbours in this order finds
exactly that path, so it is the one that the board study marks (krychu/hrm, build_boardpath_dataset.py).
"""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.data.compiled import compiled

UP, DOWN, LEFT, RIGHT = range(4)
ROW_CHANGE, COLUMN_CHANGE = [-1, 1, 0, 0], [0, 0, -1, 1]  # of each move
Openings = NDArray[np.uint8]
Indices = NDArray[np.int64]


class Solved(NamedTuple):
    """What is known of the shortest paths of each grid; length -1 and nothing else where there is none."""

    length: NDArray[np.int32]  # (batch,) steps from start to goal
    ways: NDArray[np.float64]  # (batch,) number of shortest paths, exact up to 2^53
    on_path: NDArray[np.bool_]  # (batch, cells) lies on some shortest path, start and goal included
    moves: NDArray[np.uint8]  # (batch, cells) move + 1 of the first shortest path; 0 off it and at the goal

    def take(self, rows: NDArray[np.int64]) -> "Solved":
        """Some rows."""
        return Solved(self.length[rows], self.ways[rows], self.on_path[rows], self.moves[rows])


def solve(openings: Openings, starts: Indices, goals: Indices, size: int) -> Solved:
    """All shortest paths of each grid: openings (batch, cells), starts and goals (batch,) cell numbers.

    An opening that leads out of the grid is none.
    """
    batch, cells = openings.shape
    solved = Solved(
        np.full(batch, -1, dtype=np.int32),
        np.zeros(batch),
        np.zeros((batch, cells), dtype=np.bool_),
        np.zeros((batch, cells), dtype=np.uint8),
    )
    _solve(openings & inside(size), starts, goals, size, solved)
    return solved


def are_shortest(
    openings: Openings, starts: Indices, goals: Indices, marked: NDArray[np.bool_], size: int
) -> NDArray[np.bool_]:
    """Whether the `marked` cells (batch, cells) are exactly those between start and goal of one shortest path."""
    result = np.zeros(len(openings), dtype=np.bool_)
    _are_shortest(openings & inside(size), starts, goals, marked, size, result)
    return result


@functools.cache
def inside(size: int) -> Openings:
    """The moves from each cell (cells,) that stay in the grid."""
    moves = np.full((size, size), 15, dtype=np.uint8)
    for move, border in ((UP, moves[0]), (DOWN, moves[-1]), (LEFT, moves[:, 0]), (RIGHT, moves[:, -1])):
        border &= np.uint8(15 ^ 1 << move)
    return moves.ravel()


@compiled
def _distances(openings: Openings, size: int, source: int, queue: Indices, distance: Indices) -> int:
    """Steps from `source` to each cell, -1 if out of reach; `queue` gets the reached cells in order. Their number."""
    distance[:] = -1
    distance[source] = 0
    queue[0] = source
    read, write = 0, 1
    while read < write:
        cell = queue[read]
        read += 1
        for move in range(4):
            if openings[cell] >> move & 1:
                neighbour = _step(cell, move, size)
                if distance[neighbour] < 0:
                    distance[neighbour] = distance[cell] + 1
                    queue[write] = neighbour
                    write += 1
    return write


@compiled
def _step(cell: int, move: int, size: int) -> int:
    """The neighbour that a move leads to."""
    if move < 2:
        return cell - size if move == 0 else cell + size
    return cell - 1 if move == 2 else cell + 1


@compiled
def _solve(openings: Openings, starts: Indices, goals: Indices, size: int, solved: Solved) -> None:
    cells = openings.shape[1]
    numbers = np.empty((3, cells), dtype=np.int64)
    queue, to_goal, from_start = numbers[0], numbers[1], numbers[2]
    ways = np.empty(cells)
    for row in range(len(openings)):
        opening, start, goal = openings[row], starts[row], goals[row]
        _distances(opening, size, start, queue, from_start)
        reached = _distances(opening, size, goal, queue, to_goal)
        length = to_goal[start]
        if length < 0:
            continue
        ways[goal] = 1.0
        for at in range(reached):
            cell = queue[at]
            if at > 0:
                ways[cell] = 0.0
                for move in range(4):
                    if opening[cell] >> move & 1:
                        neighbour = _step(cell, move, size)
                        if to_goal[neighbour] == to_goal[cell] - 1:
                            ways[cell] += ways[neighbour]
            solved.on_path[row, cell] = from_start[cell] + to_goal[cell] == length
        solved.length[row] = length
        solved.ways[row] = ways[start]
        cell = start
        while cell != goal:
            move = 0
            while not opening[cell] >> move & 1 or to_goal[_step(cell, move, size)] != to_goal[cell] - 1:
                move += 1
            solved.moves[row, cell] = move + 1
            cell = _step(cell, move, size)


@compiled
def _are_shortest(
    openings: Openings,
    starts: Indices,
    goals: Indices,
    marked: NDArray[np.bool_],
    size: int,
    result: NDArray[np.bool_],
) -> None:
    cells = openings.shape[1]
    numbers = np.empty((2, cells), dtype=np.int64)
    queue, to_goal = numbers[0], numbers[1]
    for row in range(len(openings)):
        opening, cell, goal = openings[row], starts[row], goals[row]
        _distances(opening, size, goal, queue, to_goal)
        left = to_goal[cell] - 1
        # As many marks as the path has cells between its ends, so the walk below uses up every one of them.
        if left < 0 or marked[row].sum() != left or marked[row, cell] or marked[row, goal]:
            continue
        found = True
        while found and left > 0:
            found = False
            for move in range(4):
                if opening[cell] >> move & 1 and not found:
                    neighbour = _step(cell, move, size)
                    if marked[row, neighbour] and to_goal[neighbour] == left:
                        found = True
                        cell = neighbour
            left -= 1
        result[row] = found or to_goal[starts[row]] == 1
