"""The short table of README and report page: a dozen questions, what was published, what we found, the verdict."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hrm.core.errors import ParameterError
from hrm.report.claims_file import ClaimsParams
from hrm.report.claims_table import FORMATS, NamedLedger, remarks, tells, with_relation, with_unit
from hrm.report.report_schema import HeadlineParams
from hrm.report.verdicts import NOT_RUN

# Where no ledger has a verdict: a number that is not to be judged, or none at all.
NOT_JUDGED, MISSING = "not judged", "not run"
DIFFERENCES = 2  # of protocol that stand beside a number without a verdict: those of the data come first


class HeadlineRow(NamedTuple):
    """A question with both answers."""

    question: str
    claim: str  # id in params/claims.yaml
    published: str
    ours: str
    verdict: str  # as the ledger has it, NOT_JUDGED or MISSING
    note: str  # whose result it is, why there is no verdict, and what else a reader has to know


def headline_rows(ledgers: Sequence[NamedLedger], headline: Sequence[HeadlineParams]) -> list[HeadlineRow]:
    """The rows of `headline` in its order.

    A claim is answered by the first ledger that judges it, or else by the first that holds a result; numbers of the
    smallest scale are shown where they are judged alone, as in the README's table.

    Raises ParameterError when a ledger lacks a claim: params/report.yaml or the ledger is of another version.
    """
    known = [(name, ledger["scale"], {claim["id"]: claim for claim in ledger["claims"]}) for name, ledger in ledgers]
    rows = []
    for entry in headline:
        found = []
        for name, scale, claims in known:
            if entry.claim not in claims:
                raise ParameterError(f"report.yaml: headline names the claim {entry.claim}; the ledger {name} has none")
            found.append((name, scale, claims[entry.claim]))
        rows.append(_row(entry, found))
    return rows


def check_headline(headline: Sequence[HeadlineParams], claims: ClaimsParams, where: Path) -> None:
    """ParameterError where a row names what is no claim of params/claims.yaml; `where` is the file of the rows."""
    known = {claim.id for group in claims.groups for claim in group.claims} | {claim.id for claim in claims.compounds}
    for place, entry in enumerate(headline):
        if entry.claim not in known:
            raise ParameterError(
                f"{where}: headline.{place}.claim is {entry.claim}; allowed are the ids of claims.yaml"
            )


def _row(entry: HeadlineParams, found: Sequence[tuple[str, str, Mapping[str, Any]]]) -> HeadlineRow:
    judged = [(name, claim) for name, _, claim in found if claim["verdict"] != NOT_RUN]
    shown = judged or [(name, claim) for name, scale, claim in found if tells(dict(claim), scale)]
    name, claim = shown[0] if shown else (found[0][0], found[0][2])
    published = entry.said or with_relation(claim["relation"], claim["value"], claim["unit"])
    if not shown:
        return HeadlineRow(entry.question, entry.claim, published, "–", MISSING, claim["reason"])
    why = [] if judged else [claim["reason"], *claim["differences"][:DIFFERENCES]]
    notes = [name, *why, *remarks(dict(claim))]
    verdict = claim["verdict"] if judged else NOT_JUDGED
    return HeadlineRow(entry.question, entry.claim, published, _ours(claim), verdict, "; ".join(notes))


def _ours(claim: Mapping[str, Any]) -> str:
    result = claim["ours"]
    if result is None:  # a verdict on several claims together
        return "–"
    known = []
    if result["low"] is not None:
        form = FORMATS[claim["unit"]][0]
        known.append(f"{result['low']:{form}} to {result['high']:{form}}")
    if result["seeds"]:
        known.append(f"{result['seeds']} seed{'s' if result['seeds'] > 1 else ''}")
    text = with_unit(result["mean"], claim["unit"])
    return f"{text} ({'; '.join(known)})" if known else text
