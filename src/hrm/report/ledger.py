"""The ledger: every claim with our number, the differences of protocol, and the verdict. Written as claims.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hrm.core.data_params import data_params
from hrm.report.claims_file import FACTORS, ClaimParams, ClaimsParams, CompoundParams, GroupParams, Unit
from hrm.report.derived import TASK as DERIVED_TASK
from hrm.report.differences import protocol_differences
from hrm.report.ledger_file import WITHOUT_TRAINING
from hrm.report.summary import Key, SummaryRow
from hrm.report.verdicts import NOT_RUN, Judgement, Measured, judge, judge_together, not_run

DIGITS = 6


def make_ledger(claims: ClaimsParams, summary: Mapping[Key, SummaryRow], scale: str, root: Path) -> dict[str, Any]:
    """Judge every claim; the result depends on its arguments and the parameters alone.

    Args:
        claims: the claims file.
        summary: our results at this scale, and the derived rows.
        scale: a folder of params/scales.
        root: folder of the parameters.

    Returns:
        {"scale": ..., "claims": [...]} in the order of the file, ready for JSON.
    """
    entries: dict[str, dict[str, Any]] = {}
    for group in claims.groups:
        for claim in group.claims:
            entry = _entry(claims, group, claim, summary, scale, root)
            needed = entries[group.requires]["verdict"] if group.requires is not None else "reproduced"
            if entry["verdict"] == "reproduced" and needed != "reproduced":
                without = "undecided" if needed == "undecided" else "not reproduced"
                entry |= {"verdict": without, "reason": f"means nothing: {group.requires} is {needed}"}
            entries[claim.id] = entry
    for compound in claims.compounds:
        entries[compound.id] = _compound_entry(claims, compound, [entries[name] for name in compound.of])
    return {"scale": scale, "claims": list(entries.values())}


def _entry(
    claims: ClaimsParams,
    group: GroupParams,
    claim: ClaimParams,
    summary: Mapping[Key, SummaryRow],
    scale: str,
    root: Path,
) -> dict[str, Any]:
    found = next((answer for answer in claim.answers if _key(answer) in summary), None)
    first = claim.answers[0] if claim.answers else None
    source = claims.sources[group.source]
    protocol = claims.protocols[group.protocol]
    spread = claims.spreads[group.spread] if group.spread is not None else None
    span = (min(spread.values), max(spread.values)) if spread is not None else None
    ours, differences = None, []
    if found is not None and first is not None:
        ours = _ours(found, summary, group.unit)
        differences = protocol_differences(protocol, root, scale, found, first, summary)
    published_data = not protocol.published_data or (found is not None and _data_is_published(root, scale, found))
    seeds = 0 if ours is None else group.seeds if ours["method"] in WITHOUT_TRAINING else ours["seeds"]
    judgement = not_run(claim.value, scale, group.judged_at, found, first, published_data, seeds, group.seeds)
    if judgement is None:
        assert ours is not None and claim.value is not None  # not_run and the claims model have seen to both
        judgement = _judgement(ours, claim.value, group, span)
    return {
        "id": claim.id,
        "group": group.title,
        "statement": claim.statement,
        "source": f"{source.title}, {source.version}",
        "where": group.where,
        "protocol": protocol.text,
        "value": claim.value,
        "unit": group.unit,
        "relation": group.relation,
        "tolerance": group.tolerance,
        "tolerance_basis": group.tolerance_basis,
        "spread": None
        if spread is None or span is None
        else {"source": spread.source, "low": span[0], "high": span[1]},
        "judged_at": group.judged_at,
        "answers": claim.answers,
        "ours": ours,
        "differences": differences,
        "verdict": judgement.verdict,
        "reason": judgement.reason,
    }


def _compound_entry(claims: ClaimsParams, compound: CompoundParams, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The entry of several claims together; "ours" is how many of them are reproduced."""
    source = claims.sources[compound.source]
    verdict = judge_together([part["verdict"] for part in parts])
    judged = [part for part in parts if part["verdict"] != NOT_RUN]
    told = ", ".join(f"{part['id']} is {part['verdict']}" for part in parts if part["verdict"] != "reproduced")
    held = len(judged) - sum(part["verdict"] != "reproduced" for part in judged)
    answers = list(dict.fromkeys(part["ours"]["answer"] for part in judged))
    ours = {"mean": held, "low": None, "high": None, "test_examples": None, "method": "verdicts"}
    ours |= {
        "answer": answers[0] if answers else "",
        "seeds": min((part["ours"]["seeds"] for part in judged), default=0),
    }
    return {
        "id": compound.id,
        "group": "Claims together",
        "statement": f"{compound.statement} (claims that are reproduced, of {len(parts)}: {', '.join(compound.of)})",
        "source": f"{source.title}, {source.version}",
        "where": compound.where,
        "protocol": "",
        "value": float(len(parts)),
        "unit": "count",
        "relation": "equal",
        "tolerance": 0.0,
        "tolerance_basis": "exact",
        "spread": None,
        "judged_at": [],
        "answers": [],
        "ours": ours if judged else None,
        "differences": [],
        "verdict": verdict,
        "reason": told or "all of them are reproduced",
    }


def _judgement(ours: dict[str, Any], value: float, group: GroupParams, span: tuple[float, float] | None) -> Judgement:
    mean = ours["mean"]
    low, high = (mean if ours[end] is None else ours[end] for end in ("low", "high"))
    return judge(Measured(mean, low, high), value, group.tolerance, group.relation, span)


def _ours(answer: str, summary: Mapping[Key, SummaryRow], unit: Unit) -> dict[str, Any]:
    row = summary[_key(answer)]
    # Analyses take fewer.
    examples = "states_examples" if row.method == "bootstrap" else "test_examples"
    examples = "test_time_examples" if row.metric.startswith("test_time_") else examples
    tested = summary.get((row.task, row.variant, examples))

    def scaled(value: float | None) -> float | None:
        return None if value is None else round(value * FACTORS.get(unit, 1.0), DIGITS)

    return {
        "answer": answer,
        "mean": scaled(row.mean),
        "low": scaled(row.low),
        "high": scaled(row.high),
        "seeds": row.seeds,
        "test_examples": None if tested is None else round(tested.mean),
        "method": row.method,
    }


def _data_is_published(root: Path, scale: str, answer: str) -> bool:
    task = answer.split("/")[0]
    return task != DERIVED_TASK and data_params(root, scale, task, []).published


def _key(answer: str) -> Key:
    task, variant, metric = answer.split("/")
    return task, variant, metric
