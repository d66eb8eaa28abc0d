import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrm.report.verdicts import Measured, judge, not_run

SPREAD = (45.8, 57.5)
NUMBERS = st.floats(-200, 200)


def verdict(mean: float, low: float, high: float, relation: str = "equal", value: float = 55.0) -> str:
    return judge(Measured(mean, low, high), value, 2.0, relation, SPREAD).verdict  # type: ignore[arg-type]


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
    assert judge(Measured(55.0, 10.0, 90.0), 55.0, 2.0, "equal", None).verdict == "undecided"


def test_without_a_stated_spread_nothing_is_within_it() -> None:
    assert judge(Measured(51.5, 51.0, 52.0), 55.0, 2.0, "equal", None).verdict == "not reproduced"


def test_a_tolerance_holds_at_its_border_despite_rounding() -> None:
    # 0.1 + 0.2 is a little more than 0.3 in binary.
    assert judge(Measured(0.3, 0.3, 0.3), 0.5, 0.2, "equal", None).verdict == "reproduced"
    assert judge(Measured(0.3, 0.3, 0.1 + 0.2), 0.1, 0.2, "at_most", None).verdict == "reproduced"


@given(mean=NUMBERS, half=st.floats(0, 50), wider=st.floats(0, 50), value=NUMBERS)
def test_a_wider_interval_never_decides_more(mean: float, half: float, wider: float, value: float) -> None:
    narrow, wide = (Measured(mean, mean - width, mean + width) for width in (half, half + wider))
    for relation in ("equal", "at_most", "at_least", "below"):
        before, after = (judge(measured, value, 1.0, relation, None).verdict for measured in (narrow, wide))  # type: ignore[arg-type]
        assert after in (before, "undecided")


def test_an_inequality_needs_the_whole_interval() -> None:
    assert verdict(50.0, 40.0, 57.0, "at_most") == "reproduced"
    assert verdict(50.0, 40.0, 57.1, "at_most") == "undecided"
    assert verdict(60.0, 57.1, 70.0, "at_most") == "not reproduced"
    assert verdict(60.0, 53.0, 70.0, "at_least") == "reproduced"
    assert verdict(60.0, 52.9, 70.0, "at_least") == "undecided"
    assert verdict(50.0, 40.0, 52.9, "at_least") == "not reproduced"


def test_below_is_strict_and_knows_no_tolerance() -> None:
    assert verdict(54.0, 53.0, 54.9, "below") == "reproduced"
    assert verdict(54.0, 53.0, 55.0, "below") == "undecided"
    assert verdict(56.0, 55.0, 57.0, "below") == "not reproduced"


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
    ):
        judgement = not_run(**{"published_data": True, **known, **change})  # type: ignore[arg-type]
        assert judgement is not None
        assert judgement.verdict == "not run at this scale"
        assert reason in judgement.reason
