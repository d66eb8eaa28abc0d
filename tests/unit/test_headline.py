"""The short table: each row a claim, its verdict the ledger's, no number of a small scale beside a published one."""

from pathlib import Path
from typing import Any

import pytest
from report_files import claim

from helpers import PARAMS
from hrm.checks import check_headline
from hrm.core.errors import ParameterError
from hrm.report.claims_file import read_claims
from hrm.report.claims_table import NamedLedger
from hrm.report.headline import MISSING, NOT_JUDGED, HeadlineRow, headline_rows
from hrm.report.ledger_file import read_ledger
from hrm.report.report_schema import HeadlineParams, report_params

NOT_RUN = "not run at this scale"
REFERENCE = PARAMS.parent / "results" / "reference" / "claims.json"


def ledger(scale: str, *claims: dict[str, Any]) -> NamedLedger:
    return NamedLedger(scale, {"scale": scale, "claims": list(claims)})


def row(*ledgers: NamedLedger, said: str | None = None) -> HeadlineRow:
    (found,) = headline_rows(ledgers, [HeadlineParams(question="Is it so?", claim="one", said=said)])
    return found


def test_the_twelve_questions_name_claims_and_get_the_verdicts_of_the_ledger() -> None:
    headline = report_params(PARAMS).headline
    assert len(headline) == len({entry.claim for entry in headline}) == 12
    check_headline(headline, read_claims(PARAMS / "claims.yaml"), PARAMS / "report.yaml")
    reference = read_ledger(REFERENCE)
    verdicts = {claim["id"]: claim["verdict"] for claim in reference["claims"]}
    rows = headline_rows([NamedLedger("reference", reference)], headline)
    assert [found.question for found in rows] == [entry.question for entry in headline]
    for found in rows:
        if found.verdict in (NOT_JUDGED, MISSING):
            assert verdicts[found.claim] == NOT_RUN
        else:
            assert found.verdict == verdicts[found.claim]


def test_a_claim_that_is_none_is_named_with_its_place(tmp_path: Path) -> None:
    headline = [HeadlineParams(question="x", claim="no_such_claim", said=None)]
    with pytest.raises(ParameterError, match=r"report\.yaml: headline\.0\.claim is no_such_claim"):
        check_headline(headline, read_claims(PARAMS / "claims.yaml"), Path("report.yaml"))
    with pytest.raises(ParameterError, match="no_such_claim"):
        headline_rows([ledger("gpu", claim("one", None, "reproduced"))], headline)


def test_a_judged_result_wins_over_one_that_only_has_a_number() -> None:
    small = claim("one", "a/b/c", NOT_RUN)
    large = claim("one", "a/b/c", "reproduced", margin_set={"date": "2026-11-22", "before_first_run": False})
    found = row(ledger("gpu", small), ledger("paper", large))
    assert found == row(ledger("paper", large), ledger("gpu", small))
    assert (found.published, found.ours, found.verdict) == ("55.0 %", "50.0 % (40.0 to 60.0; 1 seed)", "reproduced")
    assert found.note == "paper; margin set on 2026-11-22, after the first runs"


def test_a_number_without_a_verdict_says_why_and_one_of_the_smallest_scale_is_not_shown() -> None:
    held = claim("one", "a/b/c", NOT_RUN, differences=["other puzzles", "fewer of them", "and more"])
    found = row(ledger("gpu", held))
    assert (found.ours, found.verdict) == ("50.0 % (40.0 to 60.0; 1 seed)", NOT_JUDGED)
    assert found.note == "gpu; because; other puzzles; fewer of them"
    found = row(ledger("smoke", held), said="yes")
    assert (found.published, found.ours, found.verdict, found.note) == ("yes", "–", MISSING, "because")


def test_a_verdict_on_several_claims_needs_no_number() -> None:
    together = claim("one", None, "reproduced", value=None)
    assert row(ledger("gpu", together))[2:5] == ("in words", "–", "reproduced")
