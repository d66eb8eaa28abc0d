"""The ledger as Markdown: one table a scale, and one in the README for all ledgers together."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hrm.core.errors import DataError
from hrm.report.verdicts import VERDICTS

BEGIN, END = "<!-- claims:begin -->", "<!-- claims:end -->"
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
}
RELATIONS = {"equal": "", "at_most": "at most ", "at_least": "at least ", "below": "below "}


SMALLEST = "smoke"


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
    lines += ["| claim | source | published | ours | verdict | reason |", "|---|---|---|---|---|---|"]
    for claim in ledger["claims"]:
        mark = notes.mark(ledger["scale"], claim)
        cells = [
            claim["statement"],
            _source(claim),
            published(claim),
            ours(claim) + mark,
            claim["verdict"],
            claim["reason"],
        ]
        lines.append(_row(cells))
    return "\n".join([*lines, *notes.lines()]) + "\n"


def readme_section(ledgers: Sequence[NamedLedger]) -> str:
    """Markdown between the README's markers: claims that some result of ours answers first, the others folded away.

    Results of the smallest scale are shown where they are judged: small grids say nothing of a number for large ones.
    """
    notes = _Notes()
    lines = [f"- **{name}**: {_counts(ledger)}" for name, ledger in ledgers]
    lines += ["", "| claim | source | published | ours | verdict |", "|---|---|---|---|---|"]
    answered: set[str] = set()
    for claim in _every_claim(ledgers):
        held = [
            (name, found) for name, ledger in ledgers if _tells(found := _find(ledger, claim["id"]), ledger["scale"])
        ]
        # A computed number is the same at every scale: once is enough.
        if held and held[0][1]["ours"]["method"] == "computed":
            held = [("computed", held[0][1])]
        for name, found in held:
            answered.add(claim["id"])
            value = f"{name}: {ours(found)}{notes.mark(name, found)}"
            lines.append(_row([found["statement"], _source(found), published(found), value, found["verdict"]]))
    others = [claim for claim in _every_claim(ledgers) if claim["id"] not in answered]
    if others:
        lines += [*notes.lines(), "", f"<details><summary>{len(others)} claims without a result of ours yet</summary>"]
        lines += ["", "| claim | source | published | verdict |", "|---|---|---|---|"]
        lines += [_row([claim["statement"], _source(claim), published(claim), claim["verdict"]]) for claim in others]
        lines += ["", "</details>"]
    else:
        lines += notes.lines()
    return "\n".join(lines)


def _tells(found: dict[str, Any], scale: str) -> bool:
    return found["ours"] is not None and (scale != SMALLEST or found["verdict"] != "not run at this scale")


def replace_section(readme: str, section: str, name: str) -> str:
    """The README's text with `section` between the markers. Raises DataError when they are missing or out of order."""
    for marker in (BEGIN, END):
        if readme.count(marker) != 1:
            raise DataError(f"{name}: has the line {marker} {readme.count(marker)} times; it must stand there once")
    before, rest = readme.split(BEGIN)
    if END not in rest:
        raise DataError(f"{name}: {END} stands before {BEGIN}")
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{section}\n{END}{after}"


def published(claim: dict[str, Any]) -> str:
    """The published value with what is tolerated around it."""
    if claim["value"] is None:
        return "in words"
    text = RELATIONS[claim["relation"]] + _number(claim["value"], claim["unit"])
    if claim["tolerance"] and claim["tolerance_basis"] != "rounding of the printed value":
        text += f" (± {claim['tolerance']:g})"
    if claim["spread"]:
        text += (
            f"; {claim['spread']['source'].split(' of ')[0]} {claim['spread']['low']:g} to {claim['spread']['high']:g}"
        )
    return text


def ours(claim: dict[str, Any]) -> str:
    """Our value with interval, seeds and test puzzles; a dash where there is none."""
    result = claim["ours"]
    if result is None:
        return "–"
    text = _number(result["mean"], claim["unit"])
    if result["method"] == "computed":
        return text
    known = []
    if result["low"] is not None:
        form = FORMATS[claim["unit"]][0]
        known.append(f"{result['low']:{form}} to {result['high']:{form}}")
    known.append(f"{result['seeds']} seed{'s' if result['seeds'] > 1 else ''}")
    if result["test_examples"]:
        known.append(f"{result['test_examples']:,} test puzzles")
    return f"{text} ({'; '.join(known)})"


class _Notes:
    """Numbered notes on differences of protocol; equal notes share a number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, name: str, claim: dict[str, Any]) -> str:
        if not claim["differences"]:
            return ""
        run = "" if claim["differences"] == [claim["protocol"]] else f", {claim['ours']['answer'].rsplit('/', 1)[0]}"
        text = f"{name}{run}: {'; '.join(claim['differences'])}"
        return f" [{self._numbers.setdefault(text, len(self._numbers) + 1)}]"

    def lines(self) -> list[str]:
        if not self._numbers:
            return []
        return ["", "Differences of protocol, ours instead of theirs:", ""] + [
            f"{number}. {text}." for text, number in self._numbers.items()
        ]


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
    counts = Counter(claim["verdict"] for claim in ledger["claims"])
    return f"{len(ledger['claims'])} claims: " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)


def _source(claim: dict[str, Any]) -> str:
    return f"{claim['source']}, {claim['where']}"


def _number(value: float, unit: str) -> str:
    form, after = FORMATS[unit]
    return f"{value:{form}}{after}"


def _row(cells: list[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(escaped) + " |"
