"""The rules of judgement. Pure functions of a claim and a result.

What a verdict on trainings says, from the best to the one that says nothing:

- `reproduced`: three or more trainings agree with the claim, and so does the whole interval of their mean.
- `consistent, two seeds` and `consistent, one seed`: so few trainings agree. The interval of one training is over test
  examples; it does not know how far the next training lies from it, so that nothing better may be said.
- `within spread`: no hit, but no farther from it than independent runs by others lie from each other.
- `undecided`: the interval allows either answer, or there is none, or nobody measured what a player without skill gets.
- `no evidence`: a player without skill (the network before training, the majority answer, random walks) meets the claim
  as well, so that whatever came out says nothing about what was learned.
- `inconsistent, one seed` and `inconsistent, two seeds`: so few trainings disagree; fair both ways, they refute no more
  than they could show.
- `not reproduced`: a number is missed, by the whole interval.
- `contradicted`: of a claim that something is more or less than something else, the opposite was found, by the whole
  interval.

Checks of settings, sizes and arithmetic rest on no training; they `agree` or `differ` and are counted apart.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from hrm.report.claims_file import Relation

Verdict = Literal[
    "reproduced",
    "consistent, two seeds",
    "consistent, one seed",
    "within spread",
    "undecided",
    "no evidence",
    "inconsistent, one seed",
    "inconsistent, two seeds",
    "not reproduced",
    "contradicted",
    "agrees",
    "differs",
    "not run at this scale",
]
NOT_RUN: Verdict = "not run at this scale"
SETTING_VERDICTS: tuple[Verdict, ...] = ("agrees", "differs")
# From the best to the one that says nothing; tables count them in this order.
VERDICTS: tuple[Verdict, ...] = tuple(verdict for verdict in get_args(Verdict) if verdict not in SETTING_VERDICTS)
GOOD: tuple[Verdict, ...] = ("reproduced", "consistent, two seeds", "consistent, one seed", "within spread")
REFUTING: tuple[Verdict, ...] = (
    "inconsistent, one seed",
    "inconsistent, two seeds",
    "not reproduced",
    "contradicted",
)

# The least number of trainings whose mean has an interval worth the name: of two, Student's t is 12.7 standard errors.
ENOUGH_SEEDS = 3
# Half the width of an interval around a hit, in tolerances, beyond which the hit may be luck and the verdict is
# `undecided`. Over three seeds half the width is 2.5 standard deviations of single seeds, so that at 2 these lie within
# 0.8 tolerances of their mean. A hit is never a miss by it, however wide the interval and however exact the hit. The
# rule came on 2026-11-22, after the first pointer runs: 35.7 (14.2 to 57.2) had counted as a reproduction of 67.9.
WIDEST = 2.0
ROUNDING = 1e-9  # of decimals to binary; it must not decide at the very border


class Judgement(NamedTuple):
    """A verdict, and the reason in words."""

    verdict: Verdict
    reason: str


class Measured(NamedTuple):
    """Our number with the ends of its interval, in the unit of the claim, None where no interval is known.

    The interval is over seeds where there are two or more, else over test examples.
    """

    mean: float
    low: float | None
    high: float | None
    seeds: int


def holds(measured: Measured, value: float, tolerance: float, relation: Relation) -> bool | None:
    """Whether a whole interval obeys an inequality (True), lies beyond its limit (False), or neither (None).

    `at_most` and `at_least` reach the tolerance farther than the value; `below` and `above` are strict and know none.
    The very limit never lies beyond itself, so that a value equal to it refutes nothing.
    """
    low, high = _ends(measured)
    if relation in ("at_least", "above"):
        mirrored = Measured(-measured.mean, -high, -low, measured.seeds)
        return holds(mirrored, -value, tolerance, "at_most" if relation == "at_least" else "below")
    if relation == "equal":
        raise ValueError("equal is no inequality")
    limit = value + tolerance + ROUNDING if relation == "at_most" else value
    if high <= limit if relation == "at_most" else high < limit:
        return True
    return False if low > max(limit, value + ROUNDING) else None


def judge(
    measured: Measured,
    value: float,
    tolerance: float,
    relation: Relation,
    spread: tuple[float, float] | None = None,
    opposite: float | None = None,
) -> Judgement:
    """Hold a number of trained networks against a published one; all numbers in the same unit.

    `equal`: a hit is a mean within value +- tolerance, ends included, whose interval is at most WIDEST times as wide as
    that range. Else the mean may lie within the stated spread of independent runs; else the verdict is open as long as
    the interval overlaps the range; else it is a miss.
    The inequalities: see `holds`. One that is not obeyed by any part of the interval is contradicted where the interval
    lies beyond `opposite`, too: without one, beyond the value itself.

    Args:
        measured: ours. Fewer than ENOUGH_SEEDS trainings give weaker verdicts, both ways.
        value: the published number.
        tolerance: in the claim's unit.
        relation: of ours to the published number.
        spread: least and greatest of independent runs by others.
        opposite: where the opposite of an inequality begins, if its value is a limit of ours.
    """
    if measured.low is None and measured.seeds >= ENOUGH_SEEDS:
        return Judgement("undecided", f"no interval is known of {_plain(measured.mean)}")
    if relation == "equal":
        return _judge_equal(measured, value - tolerance, value + tolerance, spread)
    found = holds(measured, value, tolerance, relation)
    limit = {
        "at_most": f"at most {_plain(value + tolerance)}",
        "at_least": f"at least {_plain(value - tolerance)}",
        "below": f"below {_plain(value)}",
        "above": f"above {_plain(value)}",
    }[relation]
    span = _span(measured)
    if found is None:
        low, high = _ends(measured)
        return Judgement("undecided", f"{span} is {'the limit itself' if low == high else f'only partly {limit}'}")
    if found:
        return Judgement(_hit(measured.seeds), f"{span} is {limit}")
    beyond = value if opposite is None else opposite
    other_side: Relation = "at_most" if relation in ("at_most", "below") else "at_least"
    if holds(measured, beyond, 0.0, other_side) is False:
        return Judgement(_miss(measured.seeds, "contradicted"), f"{span} is the opposite of {limit}")
    return Judgement(_miss(measured.seeds, "not reproduced"), f"{span} is not {limit}")


def _judge_equal(measured: Measured, least: float, most: float, spread: tuple[float, float] | None) -> Judgement:
    mean = measured.mean
    low, high = _ends(measured)
    band, span = f"{_plain(least)} to {_plain(most)}", _span(measured)
    inside = least - ROUNDING <= mean <= most + ROUNDING
    if inside and high - low <= WIDEST * (most - least) + ROUNDING:
        return Judgement(_hit(measured.seeds), f"{_plain(mean)} lies in {band}")
    if spread is not None and spread[0] <= mean <= spread[1]:
        return Judgement("within spread", f"{_plain(mean)} lies between {_plain(spread[0])} and {_plain(spread[1])}")
    if inside:
        return Judgement("undecided", f"{_plain(mean)} lies in {band}, but {span} is too wide to say so")
    if low <= most + ROUNDING and high >= least - ROUNDING:
        return Judgement("undecided", f"{_plain(mean)} lies outside of {band}, but {span} overlaps it")
    return Judgement(_miss(measured.seeds, "not reproduced"), f"{span} and {band} do not overlap")


def judge_setting(measured: Measured, value: float, tolerance: float, relation: Relation) -> Judgement:
    """Hold a setting, a size, a count or a sum against the published one: it agrees or it differs."""
    if relation == "equal":
        agrees = abs(measured.mean - value) <= tolerance + ROUNDING
    else:
        agrees = holds(measured, value, tolerance, relation) is True
    words = {"equal": "", "at_most": "at most ", "at_least": "at least ", "below": "below ", "above": "above "}[
        relation
    ]
    about = f" ± {_plain(tolerance)}" if tolerance else ""
    text = f"{_plain(measured.mean)} is {'' if agrees else 'not '}{words}{_plain(value)}{about}"
    return Judgement("agrees" if agrees else "differs", text)


def meets(
    player: Measured,
    value: float,
    tolerance: float,
    relation: Relation,
    spread: tuple[float, float] | None,
    more_is_better: bool,
) -> bool:
    """Whether a player without skill meets a claim, by the rule that trained networks are judged by.

    An inequality takes the whole interval, so that noise around no difference is none. It also meets a number that it
    surpasses, where more is better: an accuracy of 40 % shows nothing where chance has 70 %.
    """
    if relation != "equal":
        return holds(player, value, tolerance, relation) is True
    if more_is_better and player.mean >= value - tolerance - ROUNDING:
        return True
    inside = spread is not None and spread[0] <= player.mean <= spread[1]
    return inside or abs(player.mean - value) <= tolerance + ROUNDING


def weigh(judgement: Judgement, met_by: Sequence[str], known: bool) -> Judgement:
    """The verdict, given what players without skill get.

    A claim that one of them meets is `no evidence`, however it came out. Where none was measured and none is known
    beforehand, a good verdict is `undecided`: nobody can tell whether skill was needed. A bad one stays, as skill
    would only have helped.

    Args:
        judgement: of the trained networks.
        met_by: the players that meet the claim, in words.
        known: whether what any player without skill gets is known.
    """
    if met_by:
        return Judgement("no evidence", f"{' and '.join(met_by)} meets it as well; ours: {judgement.reason}")
    if not known and judgement.verdict in GOOD:
        return Judgement(
            "undecided", f"{judgement.reason} ({judgement.verdict}), but no player without skill was measured"
        )
    return judgement


def gated(judgement: Judgement, needed: str, verdict: Verdict) -> Judgement:
    """The verdict on a claim that means nothing unless another one holds; it is never better than that one's.

    Args:
        judgement: by itself.
        needed: id of the other claim.
        verdict: on it.
    """
    if judgement.verdict not in GOOD or verdict in ("reproduced", "agrees"):
        return judgement
    if verdict in GOOD:
        worse = VERDICTS.index(verdict) > VERDICTS.index(judgement.verdict)
        return Judgement(verdict, f"{judgement.reason}; {needed} is {verdict}") if worse else judgement
    given: Verdict = "undecided" if verdict in ("undecided", NOT_RUN) else "no evidence"
    return Judgement(given, f"means nothing: {needed} is {verdict}")


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

    A claim that is missed refutes the statement whatever is not known of the others. A statement is no better shown
    than its least shown claim: one that says nothing about skill leaves it without evidence. A setting that differs is
    a miss; one that agrees adds nothing, unless all are settings.
    """
    if set(verdicts) <= set(SETTING_VERDICTS):
        return max(verdicts, key=SETTING_VERDICTS.index)
    as_claims: dict[Verdict, Verdict] = {"agrees": "reproduced", "differs": "not reproduced"}
    known = [as_claims.get(verdict, verdict) for verdict in verdicts]
    refuted = [verdict for verdict in known if verdict in REFUTING]
    return max(refuted or known, key=VERDICTS.index)


def _hit(seeds: int) -> Verdict:
    few: dict[int, Verdict] = {1: "consistent, one seed", 2: "consistent, two seeds"}
    return "reproduced" if seeds >= ENOUGH_SEEDS else few[max(1, seeds)]


def _miss(seeds: int, verdict: Verdict) -> Verdict:
    few: dict[int, Verdict] = {1: "inconsistent, one seed", 2: "inconsistent, two seeds"}
    return verdict if seeds >= ENOUGH_SEEDS else few[max(1, seeds)]


def _ends(measured: Measured) -> tuple[float, float]:
    low, high = (measured.mean if end is None else end for end in (measured.low, measured.high))
    return low, high


def _span(measured: Measured) -> str:
    low, high = map(_plain, _ends(measured))
    return low if low == high else f"{low} to {high}"


def _plain(number: float) -> str:
    return f"{number:,.5g}" if abs(number) < 1e5 else f"{number:,.10g}"
