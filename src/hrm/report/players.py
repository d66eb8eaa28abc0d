"""What players without skill get for a result."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hrm.report.claims_file import PairParams
from hrm.report.contrasts import PREFIX
from hrm.report.run_paths import Player
from hrm.report.summary import Key, SummaryRow, find_row

# The network before its first step, and no network at all (the majority answer, random walks).
NO_SKILL: tuple[Player, ...] = ("untrained", "chance")
KNOWN = "known beforehand"
UNTRAINED_SUFFIX = "_untrained"  # analyses of states measure the first weights beside the trained ones

# What a player without skill gets here is known without a measurement, so that records which are older than the
# measurement of players can be judged. An answer is right when all its cells are. On grids of 81 cells and more whoever
# knows nothing of the rule has at best some 9^-50 (Sudoku-Extreme leaves 50 cells and more open), and the majority
# answer, which marks no path, is wrong on every board that has one: 0 in any number of digits that we print. So
# differences of such accuracies are 0 as well. Not so for the share of cells that are right, for rollouts, which chance
# brings to the goal, or for ARC, where nobody can say it beforehand: those are measured or not known.
KNOWN_TASKS = ("sudoku", "sudoku_full", "maze_hard", "boards", "lattice_mazes", "lattice_mazes_open")
KNOWN_METRICS = re.compile(r"exact_accuracy(_(?!half_range).*)?|scaling_gain|halting_accuracy_loss")
KNOWN_LEVEL = 0.0
KNOWN_CELLS = 81

# Metrics of which a player without skill has little; a number that it surpasses is no sign of skill either.
MORE_IS_BETTER = ("accuracy", "pass_at", "goal_reached", "nearly_shortest", "goal_gain")
NOT_BETTER = ("half_range", "loss")


class NoSkill(NamedTuple):
    """A player without skill, its value and the ends of its interval, in the unit of the metric; None without one."""

    player: str
    value: float
    low: float | None
    high: float | None


def players_without_skill(
    summary: Mapping[Key, SummaryRow], answer: str, weights: Player, cells: int, pairs: Mapping[str, PairParams]
) -> list[NoSkill]:
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
    task, variant, metric = answer.split("/")
    untrained = summary.get((task, variant, "untrained", metric))
    if untrained is None:
        untrained = find_row(summary, answer + UNTRAINED_SUFFIX, weights)
    chance = summary.get((task, variant, "chance", metric))
    if chance is None and not variant.startswith(PREFIX) and answer not in pairs:
        chance = _chance_of_task(summary.values(), task, metric)
    rows = zip(NO_SKILL, (untrained, chance), strict=True)
    found = [NoSkill(name, row.mean, row.low, row.high) for name, row in rows if row is not None]
    if not found and _is_known(answer, cells, pairs):
        return [NoSkill(KNOWN, KNOWN_LEVEL, None, None)]
    return found


def more_is_better(metric: str) -> bool:
    """Whether a metric says how well something is done."""
    return any(word in metric for word in MORE_IS_BETTER) and not any(word in metric for word in NOT_BETTER)


def _chance_of_task(rows: Iterable[SummaryRow], task: str, metric: str) -> SummaryRow | None:
    found = [
        row
        for row in rows
        if (row.task, row.weights, row.metric) == (task, "chance", metric) and not row.variant.startswith(PREFIX)
    ]
    return min(found, key=lambda row: row.variant) if found else None


def _is_known(answer: str, cells: int, pairs: Mapping[str, PairParams]) -> bool:
    if answer in pairs:
        pair = pairs[answer]
        return pair.rule == "difference" and all(_is_known(part, cells, pairs) for part in (pair.first, pair.second))
    task, _, metric = answer.split("/")
    return task in KNOWN_TASKS and KNOWN_METRICS.fullmatch(metric) is not None and cells >= KNOWN_CELLS
