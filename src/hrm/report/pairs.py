"""Rows of results that follow from two others: how much better one variant is than another."""

import math
from collections.abc import Iterable, Mapping

from hrm.report.claims_file import PairParams
from hrm.report.players import NO_SKILL
from hrm.report.run_paths import PLAYERS, Player
from hrm.report.summary import Key, SummaryRow, find_row


def pair_rows(pairs: Iterable[PairParams], summary: Mapping[Key, SummaryRow]) -> list[SummaryRow]:
    """A row for each pair and player whose two results there are; a ratio needs a second result above 0.

    The interval of a difference is Newcombe's (1998, method 10) from the intervals of both, which are taken as
    independent: on the same test puzzles that is too wide rather than too narrow. That of a ratio goes from the lowest
    to the highest that both intervals allow, infinity left out.
    """
    rows = []
    for pair in pairs:
        task, variant, metric = pair.answer.split("/")
        for player, other in _players(pair):
            first, second = find_row(summary, pair.first, player), find_row(summary, pair.second, other)
            if first is None or second is None or (pair.rule == "ratio" and second.mean <= 0):
                continue
            mean, low, high = (_difference if pair.rule == "difference" else _ratio)(first, second)
            seeds = min(first.seeds, second.seeds)
            rows.append(SummaryRow(task, variant, player, metric, seeds, mean, low, high, pair.rule))
    return rows


def _players(pair: PairParams) -> list[tuple[Player, Player]]:
    """The players of the first and the second result; one without skill has one set of weights."""
    if pair.weights is None:
        return [(player, player) for player in PLAYERS]
    return [(pair.weights[0], pair.weights[1]), *((player, player) for player in NO_SKILL)]


Interval = tuple[float, float | None, float | None]


def _difference(first: SummaryRow, second: SummaryRow) -> Interval:
    mean = first.mean - second.mean
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return mean, None, None
    below = math.hypot(first.mean - first.low, second.high - second.mean)
    above = math.hypot(first.high - first.mean, second.mean - second.low)
    return mean, mean - below, mean + above


def _ratio(first: SummaryRow, second: SummaryRow) -> Interval:
    mean = first.mean / second.mean
    if first.low is None or first.high is None or second.low is None or second.high is None or second.low <= 0:
        return mean, None, None
    return mean, first.low / second.high, first.high / second.low
