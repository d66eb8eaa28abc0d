"""The rules of judgement. Pure functions of a claim and a result."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from hrm.report.claims_file import Relation

Verdict = Literal["reproduced", "within spread", "undecided", "not reproduced", "not run at this scale"]
# From the best to the one that says nothing; tables count them in this order.
VERDICTS: tuple[Verdict, ...] = (
    "reproduced",
    "within spread",
    "undecided",
    "not reproduced",
    "not run at this scale",
)
NOT_RUN: Verdict = "not run at this scale"
WIDEST = 2.0  # times the tolerance: half the width of an interval that can still reproduce a number
ROUNDING = 1e-9  # of decimals to binary; it must not decide at the very border


class Judgement(NamedTuple):
    """A verdict, and the reason in words."""

    verdict: Verdict
    reason: str


class Measured(NamedTuple):
    """Our number with the ends of its interval, in the unit of the claim; without an interval all three are equal."""

    mean: float
    low: float
    high: float


def judge(
    measured: Measured, value: float, tolerance: float, relation: Relation, spread: tuple[float, float] | None
) -> Judgement:
    """Hold a measured number against a published one; all numbers in the same unit.

    `equal`: `reproduced` when our mean lies within value +- tolerance and its interval is not wider than WIDEST times
    that range; else `within spread` when the mean lies between the ends of the stated spread of independent runs; else
    `undecided` when the interval overlaps the range, as then more trainings could show either; else `not reproduced`.
    `at_most`, `at_least`, `below`: `reproduced` when the whole interval obeys the inequality (with the tolerance; for
    `below` and `above` strictly and without it), `not reproduced` when none of it does, else `undecided`.
    Ends count as inside.
    """
    low, high = measured.low, measured.high
    if relation == "equal":
        return _judge_equal(measured, value - tolerance, value + tolerance, spread)
    shown, refuted, limit = {
        "at_most": (
            high <= value + tolerance + ROUNDING,
            low > value + tolerance + ROUNDING,
            f"at most {_plain(value + tolerance)}",
        ),
        "at_least": (
            low >= value - tolerance - ROUNDING,
            high < value - tolerance - ROUNDING,
            f"at least {_plain(value - tolerance)}",
        ),
        "below": (high < value, low >= value, f"below {_plain(value)}"),
        "above": (low > value, high <= value, f"above {_plain(value)}"),
    }[relation]
    span = f"{_plain(low)} to {_plain(high)}"
    if shown:
        return Judgement("reproduced", f"{span} is {limit}")
    if refuted:
        return Judgement("not reproduced", f"{span} is not {limit}")
    return Judgement("undecided", f"{span} is only partly {limit}")


def _judge_equal(measured: Measured, least: float, most: float, spread: tuple[float, float] | None) -> Judgement:
    mean, low, high = measured
    band, span = f"{_plain(least)} to {_plain(most)}", f"{_plain(low)} to {_plain(high)}"
    inside = least - ROUNDING <= mean <= most + ROUNDING
    if inside and high - low <= WIDEST * (most - least) + ROUNDING:
        return Judgement("reproduced", f"{_plain(mean)} lies in {band}")
    if spread is not None and spread[0] <= mean <= spread[1]:
        return Judgement("within spread", f"{_plain(mean)} lies between {_plain(spread[0])} and {_plain(spread[1])}")
    if inside:
        return Judgement("undecided", f"{_plain(mean)} lies in {band}, but {span} is too wide to say so")
    if low <= most + ROUNDING and high >= least - ROUNDING:
        return Judgement("undecided", f"{_plain(mean)} lies outside of {band}, but {span} overlaps it")
    return Judgement("not reproduced", f"{span} and {band} do not overlap")


def not_run(
    value: float | None,
    scale: str,
    judged_at: list[str],
    found: str | None,
    first_answer: str | None,
    published_data: bool,
    seeds: int,
    seeds_wanted: int,
) -> Judgement | None:
    """Why no verdict may be given, or None when one may.

    Args:
        value: the published number, None where there are only words.
        scale: of the results.
        judged_at: scales at which the claim may be judged.
        found: the answer TASK/VARIANT/METRIC that our results hold, if any.
        first_answer: the one that judges.
        published_data: False when the claim needs the published data and ours are others.
        seeds: trainings that our number is the mean of.
        seeds_wanted: the least number of them for a verdict.
    """
    verdict = NOT_RUN
    if value is None:
        return Judgement(verdict, "stated in words only")
    if first_answer is None:
        return Judgement(verdict, "nothing that this project runs answers it")
    if scale not in judged_at:
        return Judgement(verdict, f"judged at scale {', '.join(judged_at) or '(none)'} only")
    if found != first_answer:
        return Judgement(verdict, f"there is no result {first_answer}")
    if not published_data:
        return Judgement(verdict, "needs the published data set")
    if seeds < seeds_wanted:
        return Judgement(verdict, f"{seeds} of the {seeds_wanted} seeds that a verdict needs")
    return None


def judge_together(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on a statement that needs all of several claims: the worst, but without one of them there is none.

    A claim that is not reproduced refutes the statement whatever is not known of the others.
    """
    if "not reproduced" in verdicts:
        return "not reproduced"
    return max(verdicts, key=VERDICTS.index)


def _plain(number: float) -> str:
    return f"{number:,.5g}" if abs(number) < 1e5 else f"{number:,.10g}"
