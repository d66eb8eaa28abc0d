"""The rules of judgement. Pure functions of a claim and a result."""

from typing import Literal, NamedTuple

from hrm.report.claims_file import Relation

Verdict = Literal["reproduced", "within spread", "not reproduced", "not run at this scale"]
# From the best to the one that says nothing; tables count them in this order.
VERDICTS: tuple[Verdict, ...] = ("reproduced", "within spread", "not reproduced", "not run at this scale")


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

    `equal`: `reproduced` when [low, high] overlaps [value - tolerance, value + tolerance]; else `within spread` when
    our mean lies between the ends of the stated spread of independent runs; else `not reproduced`.
    `at_most`, `at_least`, `below`: `reproduced` when the whole interval obeys the inequality (with the tolerance; for
    `below` strictly and without it): an inequality that the data leave open is not shown. Ends count as inside.
    """
    mean, low, high = measured
    if relation == "equal":
        least, most = value - tolerance, value + tolerance
        span = f"{_plain(low)} to {_plain(high)} and {_plain(least)} to {_plain(most)}"
        # Rounding of decimals to binary must not decide at the very border.
        if low <= most + 1e-9 and high >= least - 1e-9:
            return Judgement("reproduced", f"{span} overlap")
        if spread is not None and spread[0] <= mean <= spread[1]:
            return Judgement(
                "within spread", f"{_plain(mean)} lies between {_plain(spread[0])} and {_plain(spread[1])}"
            )
        return Judgement("not reproduced", f"{span} do not overlap")
    holds, limit = {
        "at_most": (high <= value + tolerance + 1e-9, f"at most {_plain(value + tolerance)}"),
        "at_least": (low >= value - tolerance - 1e-9, f"at least {_plain(value - tolerance)}"),
        "below": (high < value, f"below {_plain(value)}"),
    }[relation]
    verdict: Verdict = "reproduced" if holds else "not reproduced"
    return Judgement(verdict, f"{_plain(low)} to {_plain(high)} is {'' if holds else 'not '}{limit}")


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
    verdict: Verdict = "not run at this scale"
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


def _plain(number: float) -> str:
    return f"{number:,.10g}"
