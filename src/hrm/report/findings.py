"""What a run found, in a few lines for the terminal: the counts of the verdicts, and the firmest findings."""

from collections.abc import Mapping, Sequence
from typing import Any

from hrm.report.claims_table import NamedLedger, count_lines, ours

# Verdicts that say something, the firmest first; a verdict on one training comes after those on several.
FIRM = ("contradicted", "not reproduced", "reproduced", "within spread", "inconsistent", "consistent")
SHOWN = 3


def findings(ledger: Mapping[str, Any], shown: int = SHOWN) -> list[str]:
    """Lines: how often each verdict was given, then the firmest findings, each with our number.

    Firmest are verdicts over several trainings, then those whose interval is the smallest part of its value.
    """
    named = NamedLedger(str(ledger["scale"]), dict(ledger))
    lines = [line.lstrip("- ").replace("**", "") for line in count_lines([named])]
    return [*lines, *(f"  {claim['verdict']}: {claim['statement']}: {ours(claim)}" for claim in _firm(ledger)[:shown])]


def _firm(ledger: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    told = [
        claim
        for claim in ledger["claims"]
        if claim["category"] == "training" and claim.get("ours") and claim["verdict"].startswith(FIRM)
    ]
    return sorted(told, key=lambda claim: (-claim["ours"].get("seeds", 0), _width(claim["ours"]), claim["id"]))


def _width(result: Mapping[str, Any]) -> float:
    low, high, mean = result.get("low"), result.get("high"), result.get("mean")
    if low is None or high is None or not mean:
        return float("inf")
    return abs(high - low) / abs(mean)
