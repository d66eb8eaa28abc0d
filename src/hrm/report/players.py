"""Rows of the summary by player, and what players without skill get for a result."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from hrm.report.claims_file import PairParams
from hrm.report.contrasts import PREFIX
from hrm.report.summary import Key, SummaryRow

# The network before its first step, and no network at all (the majority answer, random walks).
NO_SKILL: tuple[Literal["untrained", "chance"], ...] = ("untrained", "chance")
NO_NETWORK = ""  # weights of rows that no network makes: of data, of settings, of memory
KNOWN = "known beforehand"
UNTRAINED_SUFFIX = "_untrained"  # analyses of states measure the first weights beside the trained ones

# What a player without skill gets here is known without a measurement, so that records which are older than the
# measurement of players can be judged. An answer is right when all its cells are. On grids of 81 cells and more whoever
# knows nothing of the rule has at best some 9^-50 (Sudoku-Extreme leaves 50 cells and more open), and the majority
# answer, which marks no path, is wrong on every board that has one: 0 in any number of digits that we print. Differences
# of such accuracies are then 0 as well. Not so for the share of cells that are right, for rollouts, which chance brings
# to the goal, or for ARC, where nobody can say it beforehand: those are measured or not known.
KNOWN_TASKS = ("sudoku", "sudoku_full", "maze_hard", "boards", "lattice_mazes", "lattice_mazes_open")
KNOWN_METRICS = re.compile(r"exact_accuracy(_(?!half_range).*)?|scaling_gain|halting_accuracy_loss")
KNOWN_LEVEL = 0.0
KNOWN_CELLS = 81

# Metrics of which a player without skill has little; a number that it surpasses is no sign of skill either.
MORE_IS_BETTER = ("accuracy", "pass_at", "goal_reached", "nearly_shortest", "goal_gain")


class Player(NamedTuple):
    """A player without skill, its value and the ends of its interval, in the unit of the metric; None without one."""

    player: str
    value: float
    low: float | None
    high: float | None


def split(answer: str) -> tuple[str, str, str]:
    """(task, variant, metric) of TASK/VARIANT/METRIC."""
    task, variant, metric = answer.split("/")
    return task, variant, metric


def network_row(summary: Mapping[Key, SummaryRow], answer: str, weights: str | None) -> SummaryRow | None:
    """The row of a result with these weights, or the one that no network makes."""
    task, variant, metric = split(answer)
    rows = (summary.get((task, variant, kind, metric)) for kind in (weights, NO_NETWORK) if kind is not None)
    return next((row for row in rows if row is not None), None)


def any_network_row(summary: Mapping[Key, SummaryRow], task: str, variant: str, metric: str) -> SummaryRow | None:
    """The row of a number that both sets of weights share, as steps and test examples."""
    rows = (summary.get((task, variant, kind, metric)) for kind in ("raw", "ema", NO_NETWORK))
    return next((row for row in rows if row is not None), None)


def players_without_skill(
    summary: Mapping[Key, SummaryRow],
    answer: str,
    weights: str | None,
    cells: int | None,
    pairs: Mapping[str, PairParams],
) -> list[Player]:
    """What each player without skill gets for a result; empty where none was measured and none is known.

    The first weights of a network are those of its own variant. Chance plays without a network, so that what it gets on
    a task is the same whatever variant it stands beside.

    Args:
        summary: our results.
        answer: TASK/VARIANT/METRIC of the trained network.
        weights: of the trained network, beside which analyses put what its first weights give.
        cells: of the task's grids.
        pairs: numbers that follow from two results, by their answer.
    """
    task, variant, metric = split(answer)
    untrained = summary.get((task, variant, "untrained", metric))
    if untrained is None:
        untrained = network_row(summary, answer + UNTRAINED_SUFFIX, weights)
    chance = summary.get((task, variant, "chance", metric))
    if chance is None and not variant.startswith(PREFIX) and answer not in pairs:
        chance = _chance_of_task(summary.values(), task, metric)
    rows = zip(NO_SKILL, (untrained, chance), strict=True)
    found = [Player(name, row.mean, row.low, row.high) for name, row in rows if row is not None]
    if not found and _is_known(answer, cells, pairs):
        return [Player(KNOWN, KNOWN_LEVEL, None, None)]
    return found


def more_is_better(metric: str) -> bool:
    """Whether a metric says how well something is done."""
    return any(word in metric for word in MORE_IS_BETTER) and "half_range" not in metric and "loss" not in metric


def _chance_of_task(rows: Iterable[SummaryRow], task: str, metric: str) -> SummaryRow | None:
    found = [
        row
        for row in rows
        if (row.task, row.weights, row.metric) == (task, "chance", metric) and not row.variant.startswith(PREFIX)
    ]
    return min(found, key=lambda row: row.variant) if found else None


def _is_known(answer: str, cells: int | None, pairs: Mapping[str, PairParams]) -> bool:
    if answer in pairs:
        pair = pairs[answer]
        return pair.rule == "difference" and all(_is_known(part, cells, pairs) for part in (pair.first, pair.second))
    task, _, metric = split(answer)
    fits = task in KNOWN_TASKS and KNOWN_METRICS.fullmatch(metric) is not None
    return fits and cells is not None and cells >= KNOWN_CELLS
