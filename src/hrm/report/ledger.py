"""The ledger: every claim with our number, the differences of protocol, and the verdict. Written as claims.json."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hrm.report.claims_file import FACTORS, ClaimParams, ClaimsParams, CompoundParams, GroupParams, Unit
from hrm.report.data_rows import DATA
from hrm.report.derived import TASK as DERIVED_TASK
from hrm.report.differences import protocol_differences
from hrm.report.ledger_file import WITHOUT_TRAINING, Category
from hrm.report.players import NoSkill, more_is_better, players_without_skill
from hrm.report.run_paths import NOBODY, WEIGHTS, Player
from hrm.report.run_records import Records
from hrm.report.summary import Key, SummaryRow, find_row
from hrm.report.verdicts import (
    ENOUGH_SEEDS,
    NOT_RUN,
    Judgement,
    Measured,
    Verdict,
    gated,
    judge,
    judge_setting,
    judge_together,
    meets,
    not_run,
    weigh,
)

DIGITS = 6
# What the code and its settings fix whatever a training learns, and units that are of nothing else.
SETTING_METRICS = ("parameters", "effective_depth", "layers", "steps")
SETTING_PREFIXES = ("dynamics_", "memory_")
SETTING_UNITS = ("parameters", "million parameters", "layers", "steps", "setting", "yes or no", "count")


class _Known(NamedTuple):
    """What all claims are judged by."""

    claims: ClaimsParams
    summary: Mapping[Key, SummaryRow]
    scale: str
    root: Path
    records: Records


class _Rule(NamedTuple):
    """The rule of one claim: its group's, and what it changes of it."""

    category: Category
    weights: Player  # nobody's where a source speaks of no training
    tolerance: float
    spread: tuple[float, float] | None
    exempt: str | None
    needs_skill: list[str]


def make_ledger(
    claims: ClaimsParams, summary: Mapping[Key, SummaryRow], scale: str, root: Path, records: Records
) -> dict[str, Any]:
    """Judge every claim; the result depends on its arguments and the published settings alone.

    Args:
        claims: the claims file.
        summary: our results at this scale, and the derived rows.
        scale: a folder of params/scales.
        root: folder of the parameters, for the published settings.
        records: what our runs and data sets were made with.

    Returns:
        {"scale": ..., "claims": [...]} in the order of the file, ready for JSON.
    """
    known = _Known(claims, summary, scale, root, records)
    entries: dict[str, dict[str, Any]] = {}
    for group in claims.groups:
        for claim in group.claims:
            entry = _entry(known, group, claim)
            if group.requires is not None:
                judgement = Judgement(entry["verdict"], entry["reason"])
                judgement = gated(judgement, group.requires, entries[group.requires]["verdict"])
                entry |= judgement._asdict()
            entries[claim.id] = entry
    for compound in claims.compounds:
        entries[compound.id] = _compound_entry(claims, compound, [entries[name] for name in compound.of])
    return {"scale": scale, "claims": list(entries.values())}


def category_of(claim: ClaimParams, unit: Unit) -> Category:
    """What a claim rests on, by the result that answers it; see `hrm.report.ledger_file.Category`."""
    if not claim.answers:
        return "settings" if unit in SETTING_UNITS else "elsewhere"
    task, variant, metric = claim.answers[0].split("/")
    fixed = metric in SETTING_METRICS or metric.startswith(SETTING_PREFIXES)
    return "settings" if task == DERIVED_TASK or variant == DATA or fixed else "training"


def _entry(known: _Known, group: GroupParams, claim: ClaimParams) -> dict[str, Any]:
    claims, summary, scale, root, records = known
    rule = _rule(claims, group, claim)
    if rule.category == "settings":  # whichever weights they were measured with
        known_to = (player for player in (rule.weights, *WEIGHTS) if _answered(summary, claim, player))
        rule = rule._replace(weights=next(known_to, rule.weights))
    found = next((answer for answer in claim.answers if find_row(summary, answer, rule.weights) is not None), None)
    first = claim.answers[0] if claim.answers else None
    source = claims.sources[group.source]
    protocol = claims.protocols[group.protocol]
    ours, differences = None, []
    if found is not None and first is not None:
        ours = _ours(found, summary, group.unit, rule.weights)
        differences = protocol_differences(protocol, root, records, found, first, summary, rule.weights)
    published_data = not protocol.published_data or (found is not None and _data_is_published(records, found))
    seeds = 0 if ours is None else group.seeds if ours["method"] in WITHOUT_TRAINING else ours["seeds"]
    judgement = not_run(claim.value, scale, group.judged_at, found, first, published_data, seeds, group.seeds)
    entry: dict[str, Any] = {
        "id": claim.id,
        "group": group.title,
        "category": rule.category,
        "statement": claim.statement,
        "source": f"{source.title}, {source.version}",
        "where": group.where,
        "protocol": protocol.text,
        "value": claim.value,
        "unit": group.unit,
        "relation": group.relation,
        "tolerance": rule.tolerance,
        "tolerance_basis": group.tolerance_basis,
        "margin_set": None if group.margin_set is None else group.margin_set.model_dump(mode="json"),
        "spread": None
        if group.spread is None or rule.spread is None
        else {"source": claims.spreads[group.spread].source, "low": rule.spread[0], "high": rule.spread[1]},
        "judged_at": group.judged_at,
        "answers": claim.answers,
        "weights": (rule.weights or None) if rule.category == "training" else None,
        "ours": ours,
        "differences": differences,
        "confounds": [*group.confounds, *claim.confounds],
        "no_skill": [],
        "no_skill_status": "not asked",
        "skill": [],
    }
    if rule.category == "training" and found is not None and claim.value is not None:
        entry |= _without_skill(known, group, claim.value, rule, found)
    if judgement is None:
        assert ours is not None and claim.value is not None  # not_run and the claims model have seen to both
        measured = Measured(ours["mean"], ours["low"], ours["high"], ours["seeds"])
        if rule.category == "settings":
            judgement = judge_setting(measured, claim.value, rule.tolerance, group.relation)
        else:
            judgement = judge(measured, claim.value, rule.tolerance, group.relation, rule.spread, group.opposite)
            judgement = _weighed(judgement, entry)
    return entry | judgement._asdict()


def _answered(summary: Mapping[Key, SummaryRow], claim: ClaimParams, player: Player) -> bool:
    return any(find_row(summary, answer, player) is not None for answer in claim.answers)


def _rule(claims: ClaimsParams, group: GroupParams, claim: ClaimParams) -> _Rule:
    spread = claims.spreads[group.spread].values if group.spread is not None else None
    return _Rule(
        category=category_of(claim, group.unit),
        weights=claim.weights or group.weights or claims.sources[group.source].weights or NOBODY,
        tolerance=group.tolerance if claim.tolerance is None else claim.tolerance,
        spread=None if spread is None else (min(spread), max(spread)),
        exempt=claim.exempt or group.exempt,
        needs_skill=[*group.needs_skill, *claim.needs_skill],
    )


def _without_skill(known: _Known, group: GroupParams, value: float, rule: _Rule, answer: str) -> dict[str, Any]:
    """What the ledger tells of players without skill.

    no_skill: their values, and whether each meets the claim. no_skill_status: `exempt: WHY`, `measured`, `known
    beforehand` or `not measured`. skill: the results that have to lie above theirs as a part of the claim, which no
    player without skill meets, as nobody lies above himself.
    """
    if rule.exempt is not None:
        return {"no_skill_status": f"exempt: {rule.exempt}"}
    factor = FACTORS.get(group.unit, 1.0)
    skill = [_skill(known, needed, rule.weights) for needed in rule.needs_skill]
    players = []
    for player in _players(known, answer, rule.weights):
        level, low, high = (None if end is None else round(end * factor, DIGITS) for end in player[1:])
        assert level is not None
        better = more_is_better(answer.split("/")[2])
        measured = Measured(level, low, high, ENOUGH_SEEDS)
        met = meets(measured, value, rule.tolerance, group.relation, rule.spread, better)
        players.append({"player": player.player, "value": level, "meets": met and not skill})
    told = [player["player"] for player in players] or [part["player"] for part in skill if part["player"]]
    status = (
        "measured" if any(name in ("untrained", "chance") for name in told) else told[0] if told else "not measured"
    )
    return {"no_skill": players, "no_skill_status": status, "skill": skill}


def _skill(known: _Known, answer: str, weights: Player) -> dict[str, Any]:
    """Whether a result lies above the best player without skill; `above` is None where either is not known."""
    row = find_row(known.summary, answer, weights)
    players = _players(known, answer, weights)
    best = max(players, key=lambda player: player.value) if players else None
    ours = None if row is None else row.mean if row.low is None else row.low
    return {
        "answer": answer,
        "player": None if best is None else best.player,
        "no_skill": None if best is None else round(best.value, DIGITS),
        "at_least": None if ours is None else round(ours, DIGITS),
        "above": None if ours is None or best is None else ours > best.value,
    }


def _players(known: _Known, answer: str, weights: Player) -> list[NoSkill]:
    pairs = {pair.answer: pair for pair in known.claims.pairs}
    cells = math.prod(known.records.of_data(answer.split("/")[0]).grid_shape)
    return players_without_skill(known.summary, answer, weights, cells, pairs)


def _weighed(judgement: Judgement, entry: Mapping[str, Any]) -> Judgement:
    """The verdict on a claim on trainings, given what its entry tells of players without skill."""
    if entry["no_skill_status"].startswith("exempt"):
        return judgement
    skill = entry["skill"]
    for part in skill:
        if part["above"] is False:
            lies = f"{part['answer']} does not lie above it ({part['at_least']:g}, {part['no_skill']:g})"
            return Judgement("no evidence", f"needs skill, and {lies}; ours: {judgement.reason}")
    known = all(part["above"] for part in skill) if skill else bool(entry["no_skill"])
    met_by = [f"{player['player']} ({player['value']:g})" for player in entry["no_skill"] if player["meets"]]
    return weigh(judgement, met_by, known)


def _compound_entry(claims: ClaimsParams, compound: CompoundParams, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The entry of several claims together; "ours" is how many of them are reproduced, or agree."""
    source = claims.sources[compound.source]
    verdict = judge_together([part["verdict"] for part in parts])
    judged = [part for part in parts if part["verdict"] != NOT_RUN]
    whole: tuple[Verdict, ...] = ("reproduced", "agrees")
    failed = [part for part in parts if part["verdict"] not in whole]
    told = ", ".join(f"{part['id']} is {part['verdict']}" for part in failed)
    held = sum(part["verdict"] in whole for part in parts)
    answers = list(dict.fromkeys(part["ours"]["answer"] for part in judged))
    settings = all(part["category"] == "settings" for part in parts)
    kinds = {part["weights"] for part in parts if part["weights"] is not None}
    ours = {"mean": held, "low": None, "high": None, "over": None, "test_examples": None, "method": "verdicts"}
    ours |= {
        "answer": answers[0] if answers else "",
        "seeds": min((part["ours"]["seeds"] for part in judged), default=0),
    }
    word = "agree" if settings else "are reproduced"
    return {
        "id": compound.id,
        "group": "Claims together",
        "category": "settings" if settings else "training",
        "statement": f"{compound.statement} (claims that {word}, of {len(parts)}: {', '.join(compound.of)})",
        "source": f"{source.title}, {source.version}",
        "where": compound.where,
        "protocol": "",
        "value": float(len(parts)),
        "unit": "count",
        "relation": "equal",
        "tolerance": 0.0,
        "tolerance_basis": "exact",
        "margin_set": None,
        "spread": None,
        "judged_at": [],
        "answers": [],
        "weights": kinds.pop() if len(kinds) == 1 else None,
        "ours": ours if judged else None,
        "differences": [],
        "confounds": list(dict.fromkeys(text for part in parts for text in part["confounds"])),
        "no_skill": [],
        "no_skill_status": "not asked",
        "skill": [],
        "verdict": verdict,
        "reason": told or f"all of them {word}",
    }


def _ours(answer: str, summary: Mapping[Key, SummaryRow], unit: Unit, weights: Player) -> dict[str, Any]:
    row = find_row(summary, answer, weights)
    assert row is not None  # the caller has found it
    # Analyses take fewer.
    examples = "states_examples" if row.method == "bootstrap" else "test_examples"
    examples = "test_time_examples" if row.metric.startswith("test_time_") else examples
    tested = summary.get((row.task, row.variant, row.weights, examples))

    def scaled(value: float | None) -> float | None:
        return None if value is None else round(value * FACTORS.get(unit, 1.0), DIGITS)

    return {
        "answer": answer,
        "mean": scaled(row.mean),
        "low": scaled(row.low),
        "high": scaled(row.high),
        # One training tells nothing of others: its interval is over the examples that it was tested on.
        "over": None if row.low is None else "seeds" if row.seeds > 1 else "test examples",
        "seeds": row.seeds,
        "test_examples": None if tested is None else round(tested.mean),
        "method": row.method,
    }


def _data_is_published(records: Records, answer: str) -> bool:
    task = answer.split("/")[0]
    return task != DERIVED_TASK and records.of_data(task).published
