"""Rows of results that follow from two others: how much better one variant is than another."""

import itertools
import math
from collections.abc import Iterable, Mapping

from hrm.report.claims_file import PairParams
from hrm.report.run_paths import PLAYERS
from hrm.report.summary import Key, SummaryRow, find_row


def pair_rows(pairs: Iterable[PairParams], summary: Mapping[Key, SummaryRow]) -> list[SummaryRow]:
    """A row for each pair and player whose two results there are; a ratio needs a second result above 0.

    The interval of a difference is Newcombe's (1998, method 10) from the intervals of both, which are taken as
    independent: on the same test puzzles that is too wide rather than too narrow. That of a ratio goes from the lowest
    to the highest that both intervals allow, infinity left out.
    """
    rows = []
    for pair, player in itertools.product(pairs, PLAYERS):
        first, second = (find_row(summary, answer, player) for answer in (pair.first, pair.second))
        if first is None or second is None or (pair.rule == "ratio" and second.mean <= 0):
            continue
        mean, low, high = (_difference if pair.rule == "difference" else _ratio)(first, second)
        task, variant, metric = pair.answer.split("/")
        seeds = min(first.seeds, second.seeds)
        rows.append(SummaryRow(task, variant, player, metric, seeds, mean, low, high, pair.rule))
    return rows


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
