"""Rows of results that follow from two others: how much better one variant is than another."""

import math
from collections.abc import Iterable, Mapping

from hrm.report.claims_file import PairParams
from hrm.report.players import NO_NETWORK, NO_SKILL, split
from hrm.report.summary import Key, SummaryRow


def pair_rows(pairs: Iterable[PairParams], summary: Mapping[Key, SummaryRow]) -> list[SummaryRow]:
    """A row for each pair and player whose two results there are; a ratio needs a second result above 0.

    The interval of a difference is Newcombe's (1998, method 10) from the intervals of both, which are taken as
    independent: on the same test puzzles that is too wide rather than too narrow. That of a ratio goes from the lowest
    to the highest that both intervals allow, infinity left out.
    """
    rows = []
    for pair in pairs:
        task, variant, metric = split(pair.answer)
        for player, other in _players(pair):
            first, second = summary.get(_key(pair.first, player)), summary.get(_key(pair.second, other))
            if first is None or second is None or (pair.rule == "ratio" and second.mean <= 0):
                continue
            mean, low, high = (_difference if pair.rule == "difference" else _ratio)(first, second)
            seeds = min(first.seeds, second.seeds)
            rows.append(SummaryRow(task, variant, player, metric, seeds, mean, low, high, pair.rule))
    return rows


Interval = tuple[float, float | None, float | None]


def _players(pair: PairParams) -> list[tuple[str, str]]:
    """The players of the first and the second result; a player without skill has one set of weights."""
    trained = [("raw", "raw"), ("ema", "ema")] if pair.weights is None else [(pair.weights[0], pair.weights[1])]
    return [*trained, *((player, player) for player in (*NO_SKILL, NO_NETWORK))]


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


def _key(answer: str, weights: str) -> Key:
    task, variant, metric = split(answer)
    return task, variant, weights, metric
