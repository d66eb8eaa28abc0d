"""What tasks ask beyond the label, and which model may be measured on which data."""

import pytest
import torch

from hrm.data.dataset import DatasetInfo
from hrm.data.lattice.tokens import GOAL, PLAIN, SIDES, START
from hrm.data.maze.tokens import CHARACTERS
from hrm.data.task import find_task


def info(family: str, side: int) -> DatasetInfo:
    counts = {"train_examples": 0, "test_examples": 0, "seed": 0, "puzzle_ids": 1, "vocabulary_size": 50}
    empty: dict[str, dict] = {"group_names": {}, "generator": {}, "statistics": {}, "sha256": {}}
    return DatasetInfo(task="any", family=family, grid_shape=[side, side], **counts, **empty)


def maze(*rows: str) -> list[int]:
    return [CHARACTERS.index(character) + 1 for character in "".join(rows)]


def test_any_shortest_path_of_a_maze_is_right_and_no_other() -> None:
    board = maze("S  ", " # ", "  G")
    over, under = maze("Soo", " #o", "  G"), maze("S  ", "o# ", "ooG")
    broken = maze("So ", " #o", "  G")
    inputs, answers = torch.tensor([board] * 4), torch.tensor([over, under, broken, board])
    assert find_task("maze").judge(inputs, answers, torch.tensor([4] * 4)) == {"optimal_path_accuracy": 0.5}


def test_ways_through_a_lattice_maze_must_reach_the_goal_and_not_be_long() -> None:
    # Two by two cells, all open within: sides up, down, left, right are bits 0 to 3.
    openings = [0b1010, 0b0110, 0b1001, 0b0101]
    roles = [START, GOAL, PLAIN, PLAIN]
    board = [1 + sides + SIDES * role for sides, role in zip(openings, roles, strict=True)]
    right, around, wall = [4, 0, 0, 0], [2, 0, 4, 1], [1, 0, 0, 0]
    inputs, answers = torch.tensor([board] * 3), torch.tensor([right, around, wall])
    judged = find_task("lattice").judge(inputs, answers, torch.tensor([1] * 3))
    assert judged["goal_reached"] == pytest.approx(2 / 3)
    assert judged["nearly_shortest"] == pytest.approx(1 / 3)


def test_other_families_ask_for_no_more() -> None:
    tokens = torch.ones(2, 9, dtype=torch.long)
    assert find_task("sudoku").judge(tokens, tokens, torch.tensor([0, 0])) == {}
