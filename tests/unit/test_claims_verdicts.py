"""The rules of judgement, by themselves: fair both ways, never better than the trainings allow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrm.report.verdicts import (
    GOOD,
    REFUTING,
    VERDICTS,
    Judgement,
    Measured,
    Verdict,
    gated,
    holds,
    judge,
    judge_setting,
    judge_together,
    meets,
    not_run,
    weigh,
)

SPREAD = (45.8, 57.5)
NUMBERS = st.floats(-200, 200)
INEQUALITIES = ("at_most", "at_least", "below", "above")
OPPOSITES = {"at_most": "at_least", "at_least": "at_most", "below": "above", "above": "below"}


def verdict(mean: float, low: float, high: float, relation: str = "equal", value: float = 55.0, seeds: int = 3) -> str:
    return judge(Measured(mean, low, high, seeds), value, 2.0, relation, SPREAD).verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mean", "low", "high", "expected"),
    [
        (55.0, 54.0, 56.0, "reproduced"),  # all inside
        (53.0, 49.0, 57.0, "reproduced"),  # the mean is, and the interval as wide as it may be
        (53.0, 48.9, 57.1, "within spread"),  # wider: the spread decides
        (51.5, 51.0, 52.0, "within spread"),
        (57.2, 57.1, 57.3, "within spread"),
        (58.0, 57.0, 59.0, "undecided"),  # touches from above
        (35.0, 10.0, 60.0, "undecided"),  # holds all of it, and says nothing
        (44.5, 44.0, 45.0, "not reproduced"),
        (57.7, 57.4, 58.0, "not reproduced"),
    ],
)
def test_a_number_is_reproduced_by_the_mean_then_the_spread_then_the_interval_decide(
    mean: float, low: float, high: float, expected: str
) -> None:
    assert verdict(mean, low, high) == expected


def test_an_interval_too_wide_is_undecided_even_around_the_very_number() -> None:
    assert judge(Measured(55.0, 10.0, 90.0, 3), 55.0, 2.0, "equal").verdict == "undecided"


@given(
    value=NUMBERS, tolerance=st.floats(0, 20), low=st.floats(0, 100), high=st.floats(0, 100), seeds=st.integers(1, 5)
)
def test_an_exact_hit_never_fails_however_wide_its_interval(
    value: float, tolerance: float, low: float, high: float, seeds: int
) -> None:
    for relation in ("equal", *INEQUALITIES):
        found = judge(Measured(value, value - low, value + high, seeds), value, tolerance, relation).verdict  # type: ignore[arg-type]
        assert found not in REFUTING


def test_without_a_stated_spread_nothing_is_within_it() -> None:
    assert judge(Measured(51.5, 51.0, 52.0, 3), 55.0, 2.0, "equal").verdict == "not reproduced"


def test_a_tolerance_holds_at_its_border_despite_rounding() -> None:
    # 0.1 + 0.2 is a little more than 0.3 in binary.
    assert judge(Measured(0.3, 0.3, 0.3, 3), 0.5, 0.2, "equal").verdict == "reproduced"
    assert judge(Measured(0.3, 0.3, 0.1 + 0.2, 3), 0.1, 0.2, "at_most").verdict == "reproduced"


@given(mean=NUMBERS, half=st.floats(0, 50), wider=st.floats(0, 50), value=NUMBERS)
def test_a_wider_interval_never_decides_more(mean: float, half: float, wider: float, value: float) -> None:
    narrow, wide = (Measured(mean, mean - width, mean + width, 3) for width in (half, half + wider))
    for relation in ("equal", *INEQUALITIES):
        before, after = (judge(measured, value, 1.0, relation).verdict for measured in (narrow, wide))  # type: ignore[arg-type]
        assert after in (before, "undecided")


# One and two trainings.


@pytest.mark.parametrize(("seeds", "words"), [(1, "one seed"), (2, "two seeds"), (3, None), (7, None)])
def test_fewer_than_three_trainings_show_little_and_refute_little(seeds: int, words: str | None) -> None:
    assert verdict(55.0, 54.0, 56.0, seeds=seeds) == (f"consistent, {words}" if words else "reproduced")
    assert verdict(20.0, 19.0, 21.0, seeds=seeds) == (f"inconsistent, {words}" if words else "not reproduced")
    assert verdict(60.0, 59.0, 61.0, "above", seeds=seeds) == (f"consistent, {words}" if words else "reproduced")
    assert verdict(20.0, 19.0, 21.0, "above", seeds=seeds) == (f"inconsistent, {words}" if words else "contradicted")
    assert verdict(58.0, 57.0, 59.0, seeds=seeds) == "undecided"


@given(
    mean=NUMBERS,
    half=st.none() | st.floats(0, 50),
    value=NUMBERS,
    relation=st.sampled_from(("equal", *INEQUALITIES)),
    seeds=st.sampled_from((1, 2)),
)
def test_the_best_of_one_training_is_consistent_and_the_worst_inconsistent(
    mean: float, half: float | None, value: float, relation: str, seeds: int
) -> None:
    low, high = (None, None) if half is None else (mean - half, mean + half)
    found = judge(Measured(mean, low, high, seeds), value, 1.0, relation, SPREAD).verdict  # type: ignore[arg-type]
    allowed = {"undecided", "within spread"} | {
        f"{word}consistent, {'one seed' if seeds == 1 else 'two seeds'}" for word in ("", "in")
    }
    assert found in allowed


def test_three_trainings_without_an_interval_decide_nothing() -> None:
    for mean in (55.0, 20.0):
        for relation in ("equal", *INEQUALITIES):
            assert judge(Measured(mean, None, None, 3), 55.0, 2.0, relation).verdict == "undecided"  # type: ignore[arg-type]


# Directions, both ways.


def test_an_inequality_needs_the_whole_interval() -> None:
    assert verdict(50.0, 40.0, 57.0, "at_most") == "reproduced"
    assert verdict(50.0, 40.0, 57.1, "at_most") == "undecided"
    assert verdict(60.0, 57.1, 70.0, "at_most") == "contradicted"
    assert verdict(60.0, 53.0, 70.0, "at_least") == "reproduced"
    assert verdict(60.0, 52.9, 70.0, "at_least") == "undecided"
    assert verdict(50.0, 40.0, 52.9, "at_least") == "contradicted"


def test_below_and_above_are_strict_know_no_tolerance_and_their_limit_refutes_nothing() -> None:
    for mean, low, high, expected in (
        (54.0, 53.0, 54.9, "reproduced"),
        (54.0, 53.0, 55.0, "undecided"),
        (55.0, 55.0, 55.0, "undecided"),
        (56.0, 55.0, 57.0, "undecided"),
        (56.0, 55.1, 57.0, "contradicted"),
    ):
        assert verdict(mean, low, high, "below") == expected
        assert verdict(-mean, -high, -low, "above", value=-55.0) == expected


@given(mean=NUMBERS, half=st.floats(0, 50), value=NUMBERS, relation=st.sampled_from(INEQUALITIES))
def test_a_direction_that_is_contradicted_is_one_whose_opposite_is_found(
    mean: float, half: float, value: float, relation: str
) -> None:
    measured = Measured(mean, mean - half, mean + half, 3)
    found = judge(measured, value, 0.0, relation).verdict  # type: ignore[arg-type]
    opposite = judge(measured, value, 0.0, OPPOSITES[relation]).verdict  # type: ignore[arg-type]
    if found == "contradicted":
        assert opposite == "reproduced"
    if found == "reproduced" and relation in ("below", "above") and abs(mean - value) > half + 1e-6:
        assert opposite == "contradicted"


def test_a_missed_limit_of_ours_is_the_opposite_only_beyond_where_that_begins() -> None:
    # "Falls steadily": a rank correlation of -0.9 at most is ours; one above 0 would be a rise.
    for low, high, expected in (
        (-1.0, -0.95, "reproduced"),
        (-0.7, -0.5, "not reproduced"),
        (-0.1, 0.1, "not reproduced"),
        (0.1, 0.3, "contradicted"),
    ):
        measured = Measured((low + high) / 2, low, high, 3)
        assert judge(measured, -0.9, 0.0, "at_most", opposite=0.0).verdict == expected
        mirrored = Measured(-measured.mean, -high, -low, 3)
        assert judge(mirrored, 0.9, 0.0, "at_least", opposite=0.0).verdict == expected


def test_equal_is_no_inequality() -> None:
    with pytest.raises(ValueError, match="equal is no inequality"):
        holds(Measured(1.0, 1.0, 1.0, 3), 1.0, 0.0, "equal")


# Players without skill.


def point(value: float) -> Measured:
    return Measured(value, None, None, 3)


def test_a_player_meets_a_number_in_its_range_or_in_the_spread_and_one_that_it_surpasses() -> None:
    assert meets(point(54.0), 55.0, 2.0, "equal", None, more_is_better=False)
    assert not meets(point(50.0), 55.0, 2.0, "equal", None, more_is_better=True)
    assert meets(point(50.0), 55.0, 2.0, "equal", SPREAD, more_is_better=True)
    assert meets(point(69.3), 39.51, 10.8, "equal", None, more_is_better=True)
    assert not meets(point(69.3), 39.51, 10.8, "equal", None, more_is_better=False)


def test_a_player_meets_a_direction_by_its_whole_interval() -> None:
    assert meets(Measured(0.745, 0.743, 0.747, 3), 1.0, 0.0, "below", None, more_is_better=False)
    assert not meets(Measured(1.0, -2.0, 4.0, 3), 0.0, 0.0, "above", None, more_is_better=True)  # noise
    assert not meets(point(0.0), 0.0, 0.0, "above", None, more_is_better=True)
    assert meets(point(0.0), 0.0, 0.0, "at_least", None, more_is_better=True)


@given(st.sampled_from(VERDICTS))
def test_what_a_player_without_skill_meets_is_no_evidence_however_it_came_out(given_verdict: Verdict) -> None:
    found = weigh(Judgement(given_verdict, "so"), ["untrained (1)"], known=True)
    assert found.verdict == "no evidence" and "untrained (1)" in found.reason and "so" in found.reason


@given(st.sampled_from(VERDICTS))
def test_where_no_player_was_measured_nothing_good_is_said(given_verdict: Verdict) -> None:
    found = weigh(Judgement(given_verdict, "so"), [], known=False).verdict
    assert found == ("undecided" if given_verdict in GOOD else given_verdict)
    assert weigh(Judgement(given_verdict, "so"), [], known=True).verdict == given_verdict


@given(st.sampled_from(VERDICTS), st.sampled_from(VERDICTS))
def test_a_claim_is_never_better_than_the_one_that_it_rests_on(own: Verdict, needed: Verdict) -> None:
    found = gated(Judgement(own, "so"), "other", needed).verdict
    if own not in GOOD:
        assert found == own
    elif needed in GOOD:
        assert VERDICTS.index(found) == max(VERDICTS.index(own), VERDICTS.index(needed))
    else:
        assert found == ("undecided" if needed in ("undecided", "not run at this scale") else "no evidence")


# Settings, and claims together.


def test_settings_agree_or_differ() -> None:
    for mean, relation, value, tolerance, expected in (
        (512.0, "equal", 512.0, 0.0, "agrees"),
        (511.0, "equal", 512.0, 0.0, "differs"),
        (6.33, "equal", 6.29, 0.1, "agrees"),
        (111.0, "above", 110.0, 0.0, "agrees"),
        (110.0, "above", 110.0, 0.0, "differs"),
        (0.0, "at_most", 0.0, 0.0, "agrees"),
    ):
        measured = Measured(mean, None, None, 1)
        assert judge_setting(measured, value, tolerance, relation).verdict == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["reproduced", "reproduced"], "reproduced"),
        (["reproduced", "consistent, one seed"], "consistent, one seed"),
        (["reproduced", "no evidence", "undecided"], "no evidence"),
        (["no evidence", "not reproduced"], "not reproduced"),
        (["inconsistent, one seed", "not run at this scale"], "inconsistent, one seed"),
        (["contradicted", "not reproduced", "not run at this scale"], "contradicted"),
        (["reproduced", "not run at this scale"], "not run at this scale"),
        (["agrees", "agrees"], "agrees"),
        (["agrees", "differs"], "differs"),
        (["agrees", "reproduced"], "reproduced"),
        (["differs", "reproduced"], "not reproduced"),
        (["agrees", "not run at this scale"], "not run at this scale"),
    ],
)
def test_a_statement_of_several_claims_is_its_worst_one(verdicts: list[Verdict], expected: str) -> None:
    assert judge_together(verdicts) == expected


def test_no_verdict_is_given_where_the_claim_was_not_run() -> None:
    first, other = "sudoku/hrm/exact_accuracy", "sudoku/hrm_halt_loss/exact_accuracy"
    known = {"value": 55.0, "scale": "paper", "judged_at": ["paper"], "found": first, "first_answer": first}
    known |= {"seeds": 3, "seeds_wanted": 3}
    assert not_run(**known, published_data=True) is None  # type: ignore[arg-type]
    for change, reason in (
        ({"value": None}, "in words"),
        ({"scale": "smoke"}, "judged at scale paper only"),
        ({"found": None}, "there is no result sudoku/hrm/"),
        ({"found": other}, "there is no result sudoku/hrm/"),
        ({"first_answer": None}, "nothing that this project runs"),
        ({"published_data": False}, "published data"),
        ({"seeds": 2}, "2 of the 3 seeds"),
    ):
        judgement = not_run(**{"published_data": True, **known, **change})  # type: ignore[arg-type]
        assert judgement is not None
        assert judgement.verdict == "not run at this scale"
        assert reason in judgement.reason
