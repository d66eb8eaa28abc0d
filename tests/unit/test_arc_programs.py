"""Made-up tasks follow their rules, and no two share a pair."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arc_cases import program_params
from hrm.core.errors import DataError
from hrm.data.arc.canonical import canonical_pair
from hrm.data.arc.collection import Pair
from hrm.data.arc.group import Grid
from hrm.data.arc.programs import make_task
from hrm.data.arc.rules import RULES

LOW, HIGH = 4, 7


def pairs_of(rule: str, seed: int) -> list[Pair]:
    """Six pairs that one drawn instance of a rule makes."""
    generator = np.random.default_rng(seed)
    make = RULES[rule](generator, LOW, HIGH)
    return [make(generator) for _ in range(6)]


def turns(pair: Pair) -> list[Pair]:
    return [Pair(np.rot90(pair.input, k), np.rot90(pair.output, k)) for k in range(4)]


def falls(pair: Pair) -> bool:
    columns = zip(pair.input.T, pair.output.T, strict=True)
    return all([0] * (a == 0).sum() + a[a > 0].tolist() == b.tolist() for a, b in columns)


def shines(pair: Pair) -> bool:
    for a, b in zip(pair.input.T, pair.output.T, strict=True):
        places = np.flatnonzero(a)
        wanted = np.zeros_like(a)
        for place in places:
            wanted[place:] = a[place]
        if len(places) > 1 or (wanted != b).any():
            return False
    return True


def mirrored(grid: Grid) -> bool:
    return bool((grid == grid[:, ::-1]).all() or (grid == grid[::-1]).all())


def period(grid: Grid, down: int, right: int) -> bool:
    return bool((grid[down:, right:] == grid[: len(grid) - down, : grid.shape[1] - right]).all())


@settings(max_examples=20)
@given(st.sampled_from(sorted(RULES)), st.integers(0, 10**6))
def test_grids_have_the_sizes_asked_for(rule: str, seed: int) -> None:
    for pair in pairs_of(rule, seed):
        assert all(LOW <= side <= HIGH for side in pair.input.shape)
        assert all(1 <= side <= HIGH for side in pair.output.shape)
        assert all(grid.dtype == np.uint8 and grid.max() <= 9 for grid in pair)


@given(st.integers(0, 10**6))
def test_outputs_follow_the_rule(seed: int) -> None:
    for pair in pairs_of("pattern", seed):
        repeats = [(1, 0, 0, 2), (2, 0, 0, 1), (1, 0, 0, 3), (3, 0, 0, 1), (2, 0, 0, 2)]
        tiled = any(period(pair.output, a, b) and period(pair.output, c, d) for a, b, c, d in repeats)
        stripes = (pair.output[1:, :-1] == pair.output[:-1, 1:]).all() and period(pair.output, 3, 0)
        assert tiled or stripes
        assert (pair.output > 0).all()
        assert ((pair.input == 0) | (pair.input == pair.output)).all()
    for pair in pairs_of("symmetry", seed):
        assert mirrored(pair.output)
        assert ((pair.input == 0) | (pair.input == pair.output)).all()
    names: dict[int, set[int]] = {}
    for pair in pairs_of("recolour", seed):
        for old, new in zip(pair.input.ravel().tolist(), pair.output.ravel().tolist(), strict=True):
            names.setdefault(old, set()).add(new)
        assert (pair.input != pair.output).any()
    assert all(len(found) == 1 for found in names.values())
    for pair in pairs_of("counting", seed):
        (colour,) = set(pair.output.ravel().tolist())
        assert (pair.input == colour).sum() == pair.output.size == max(pair.output.shape)
    assert any(all(falls(turns(pair)[k]) for pair in pairs_of("gravity", seed)) for k in range(4))
    assert any(all(shines(turns(pair)[k]) for pair in pairs_of("rays", seed)) for k in range(4))
    for pair in pairs_of("fill", seed):
        changed = np.argwhere(pair.input != pair.output)
        (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
        assert len(changed) == (bottom - top + 1) * (right - left + 1)
        around = pair.input[top - 1 : bottom + 2, left - 1 : right + 2].copy()
        around[1:-1, 1:-1] = around[0, 0]
        assert len(np.unique(around)) == 1
    for pair in pairs_of("crop", seed):
        height, width = pair.output.shape
        windows = np.lib.stride_tricks.sliding_window_view(pair.input, (height, width))
        assert (windows == pair.output).all(axis=(2, 3)).sum() == 1


def test_tasks_depend_on_seed_and_index_alone(tmp_path: Path) -> None:
    params = program_params(tmp_path).programs
    assert params is not None
    tasks = [make_task(params, 5, index) for index in range(16)]
    for index in (11, 3):
        again = make_task(params, 5, index)
        assert again.name == tasks[index].name
        assert all(
            (a == b).all()
            for x, y in zip(again.pairs, tasks[index].pairs, strict=True)
            for a, b in zip(x, y, strict=True)
        )
    assert make_task(params, 6, 3).name != tasks[3].name
    assert len({task.name.split("_")[0] for task in tasks}) == len(params.rules)
    for task in tasks:
        assert params.demonstrations[0] <= len(task.demonstrations) <= params.demonstrations[1]
        assert params.tests[0] <= len(task.tests) <= params.tests[1]
        assert len({canonical_pair(pair) for pair in task.pairs}) == len(task.pairs)


def test_too_many_pairs_for_the_size_say_so(tmp_path: Path) -> None:
    params = program_params(tmp_path, "programs.demonstrations=[500,500]").programs
    assert params is not None
    with pytest.raises(DataError, match="raise sides"):
        make_task(params, 0, 0)
