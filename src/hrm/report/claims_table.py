"""The ledger as Markdown: one table a scale, and one of all claims for several ledgers together."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hrm.report.ledger_file import is_measured, settings_of
from hrm.report.run_paths import WEIGHTS_IN_WORDS
from hrm.report.verdicts import NOT_RUN, VERDICTS

# Number format and what follows the number.
FORMATS = {
    "per cent": (",.1f", " %"),
    "points": (",.1f", " points"),
    "parameters": (",.0f", ""),
    "million parameters": (",.1f", " million"),
    "steps": (",.0f", ""),
    "layers": (",.0f", " layers"),
    "ratio": (",.2f", ""),
    "minutes": (",.0f", " min"),
    "count": (",.10g", ""),
    "setting": (",.10g", ""),
}
RELATIONS = {"equal": "", "at_most": "at most ", "at_least": "at least ", "below": "below ", "above": "above "}
SMALLEST = "smoke"
COMPUTED = "computed"  # from parameters, without a training


class NamedLedger(NamedTuple):
    """A ledger and how the tables call it."""

    name: str
    ledger: dict[str, Any]


def ledger_name(path: Path, scale: str) -> str:
    """The folder of the ledger, with its scale when that is another word (`reference, scale gpu`)."""
    folder = path.resolve().parent.name
    return folder if folder == scale else f"{folder}, scale {scale}"


def scale_table(ledger: dict[str, Any]) -> str:
    """Markdown of one ledger: every claim, with the reason of its verdict."""
    notes = _Notes()
    lines = [f"# Published claims at scale {ledger['scale']}", "", _counts(ledger), ""]
    lines += [
        "| claim | source | published | ours | without skill | verdict | reason |",
        "|---|---|---|---|---|---|---|",
    ]
    for claim in ledger["claims"]:
        mark = notes.mark(ledger["scale"], claim)
        cells = [
            claim["statement"],
            _source(claim),
            published(claim),
            ours(claim) + mark,
            without_skill(claim),
            claim["verdict"],
            "; ".join([claim["reason"], *remarks(claim)]),
        ]
        lines.append(table_row(cells))
    return "\n".join([*lines, *notes.lines()]) + "\n"


def claims_section(ledgers: Sequence[NamedLedger]) -> str:
    """Markdown of all claims: those on trainings with a verdict first, all others folded away.

    Folded are checks of settings, results of ours that get no verdict, and claims without a result. Results of the
    smallest scale are shown where they are judged: small grids say nothing of a number for large ones.
    """
    notes = _Notes()
    told = len(ledgers) > 1  # whose result it is, where there are several
    shown: dict[str, list[str]] = {"judged": [], "settings": [], "unjudged": [], "others": []}
    for place in ("judged", "unjudged"):  # notes are numbered in this order
        for claim in _every_claim(ledgers):
            held = _held(ledgers, claim["id"])
            if held and not is_measured(claim):
                if place == "judged":
                    shown["settings"] += [_result_row(name, found, notes, told) for name, found in held]
            elif held and place == ("judged" if any(found["verdict"] != NOT_RUN for _, found in held) else "unjudged"):
                shown[place] += [_result_row(name, found, notes, told) for name, found in held]
            elif not held and place == "judged":
                cells = [claim["statement"], _source(claim), published(claim), claim["verdict"]]
                shown["others"].append(table_row(cells))
        shown[place] += notes.lines() if shown[place] else []
    lines = count_lines(ledgers)
    head = ["", "| claim | source | published | ours | without skill | verdict |", "|---|---|---|---|---|---|"]
    lines += head + shown["judged"]
    for place, text in (
        ("settings", "checks of settings, sizes and arithmetic, which no training stands behind"),
        ("unjudged", "results of ours that get no verdict at their scale"),
    ):
        count = sum(line.startswith("|") for line in shown[place])
        if count:
            lines += ["", f"<details><summary>{count} {text}</summary>", *head, *shown[place], "", "</details>"]
    if shown["others"]:
        lines += ["", f"<details><summary>{len(shown['others'])} claims without a result of ours yet</summary>"]
        lines += [
            "",
            "| claim | source | published | verdict |",
            "|---|---|---|---|",
            *shown["others"],
            "",
            "</details>",
        ]
    return "\n".join(lines)


def count_lines(ledgers: Sequence[NamedLedger]) -> list[str]:
    """One line a ledger: how many claims got which verdict."""
    return [f"- **{name}**: {_counts(ledger)}" for name, ledger in ledgers]


def _held(ledgers: Sequence[NamedLedger], identity: str) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a claim that are shown, with the names of their ledgers."""
    held = [(name, found) for name, ledger in ledgers if tells(found := _find(ledger, identity), ledger["scale"])]
    # A computed number is the same at every scale: once is enough.
    return [(COMPUTED, held[0][1])] if held and held[0][1]["ours"]["method"] == COMPUTED else held


def _result_row(name: str, found: dict[str, Any], notes: "_Notes", told: bool) -> str:
    whose = f"{name}: " if told or name == COMPUTED else ""
    value = f"{whose}{ours(found)}{notes.mark(name, found)}"
    verdict = "; ".join([found["verdict"], *remarks(found)])
    return table_row([found["statement"], _source(found), published(found), value, without_skill(found), verdict])


def tells(found: dict[str, Any], scale: str) -> bool:
    """Whether a result is shown: one of the smallest scale where it is judged alone."""
    return found["ours"] is not None and (scale != SMALLEST or found["verdict"] != NOT_RUN)


def published(claim: dict[str, Any]) -> str:
    """The published value with what is tolerated around it, and why so much."""
    if claim["value"] is None:
        return "in words"
    text = with_relation(claim["relation"], claim["value"], claim["unit"])
    if claim["tolerance"] and claim["tolerance_basis"] != "rounding of the printed value":
        text += f" (± {claim['tolerance']:g}, {claim['tolerance_basis']})"
    if claim["spread"]:
        text += (
            f"; {claim['spread']['source'].split(' of ')[0]} {claim['spread']['low']:g} to {claim['spread']['high']:g}"
        )
    return text


def ours(claim: dict[str, Any]) -> str:
    """Our value with weights, interval and what it is over, seeds and test puzzles; a dash where there is none."""
    result = claim["ours"]
    if result is None:
        return "–"
    text = with_unit(result["mean"], claim["unit"])
    if not is_measured(claim):
        return text
    known = [] if claim["weights"] is None else [WEIGHTS_IN_WORDS[claim["weights"]]]
    if result["low"] is not None:
        form = FORMATS[claim["unit"]][0]
        known.append(f"{result['low']:{form}} to {result['high']:{form}} over {result['over']}")
    known.append(f"{result['seeds']} seed{'s' if result['seeds'] > 1 else ''}")
    if result["test_examples"]:
        known.append(f"{result['test_examples']:,} test puzzles")
    return f"{text} ({'; '.join(known)})"


def without_skill(claim: dict[str, Any]) -> str:
    """What players without skill get, each with a mark where it meets the claim; or why that is not told."""
    if claim["category"] != "training" or claim["no_skill_status"] == "not asked":
        return ""
    told = []
    for player in claim["no_skill"]:
        met = " (meets the claim)" if player["meets"] else ""
        told.append(f"{player['player']}: {with_unit(player['value'], claim['unit'])}{met}")
    for part in claim["skill"]:
        lies = {True: "above", False: "not above", None: "not compared with"}[part["above"]]
        told.append(f"needs skill: {part['answer']} {lies} {part['player'] or 'anybody'}")
    return "; ".join(told) or claim["no_skill_status"]


def remarks(claim: dict[str, Any]) -> list[str]:
    """What a reader has to know beside the verdict: margins that are younger than the first runs, and confounds."""
    margin = claim["margin_set"]
    late = margin is not None and not margin["before_first_run"]
    told = [f"margin set on {margin['date']}, after the first runs"] if late else []
    return told + [f"confound: {text}" for text in claim["confounds"]]


class _Notes:
    """Numbered notes on differences of protocol; equal notes share a number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._told = 0

    def mark(self, name: str, claim: dict[str, Any]) -> str:
        if not claim["differences"]:
            return ""
        run = "" if claim["differences"] == [claim["protocol"]] else f", {claim['ours']['answer'].rsplit('/', 1)[0]}"
        text = f"{name}{run}: {'; '.join(claim['differences'])}"
        return f" [{self._numbers.setdefault(text, len(self._numbers) + 1)}]"

    def lines(self) -> list[str]:
        """Those that no earlier call has given."""
        new = [f"{number}. {text}." for text, number in self._numbers.items() if number > self._told]
        self._told = len(self._numbers)
        return ["", "Differences of protocol, ours instead of theirs:", "", *new] if new else []


def _every_claim(ledgers: Sequence[NamedLedger]) -> list[dict[str, Any]]:
    """All claims in the order of the first ledger; later ledgers may know more."""
    seen: dict[str, dict[str, Any]] = {}
    for _, ledger in ledgers:
        for claim in ledger["claims"]:
            seen.setdefault(claim["id"], claim)
    return list(seen.values())


def _find(ledger: dict[str, Any], identity: str) -> dict[str, Any]:
    return next((claim for claim in ledger["claims"] if claim["id"] == identity), {"ours": None})


def _counts(ledger: dict[str, Any]) -> str:
    """The headline: verdicts on trainings alone; settings are one number apart."""
    measured = Counter(claim["verdict"] for claim in ledger["claims"] if is_measured(claim))
    found = ", ".join(f"{measured[name]} {name}" for name in VERDICTS if measured[name])
    settings = settings_of(ledger["claims"])
    apart = f"{settings.agree} of {settings.checked} settings agree" if settings.checked else "no settings checked"
    elsewhere = sum(claim["category"] == "elsewhere" for claim in ledger["claims"])
    return f"{measured.total()} claims on trainings: {found}. {apart}; {elsewhere} claims on what is not run here"


def _source(claim: dict[str, Any]) -> str:
    return f"{claim['source']}, {claim['where']}"


def with_relation(relation: str, value: float | None, unit: str) -> str:
    """A published value as the number and what ours has to be to it: `at least 95.0 %`."""
    return "in words" if value is None else RELATIONS[relation] + with_unit(value, unit)


def with_unit(value: float, unit: str) -> str:
    """A number with as many decimals as its unit wants."""
    if unit == "yes or no":
        return "yes" if value else "no"
    form, after = FORMATS[unit]
    return f"{value:{form}}{after}"


def table_row(cells: Sequence[str]) -> str:
    """A row of a Markdown table."""
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(escaped) + " |"
