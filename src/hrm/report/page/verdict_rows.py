"""The claims as rows of the page, each with the runs that its number comes from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hrm.core.errors import ParameterError
from hrm.report.claims_file import PairParams
from hrm.report.claims_table import ours, published, remarks, without_skill
from hrm.report.comparison_schema import ContrastParams
from hrm.report.contrasts import PREFIX
from hrm.report.headline import MISSING, NOT_JUDGED
from hrm.report.ledger_file import Category
from hrm.report.page.records import Analysis, Training
from hrm.report.verdicts import SETTING_VERDICTS, VERDICTS

SILENT = "not run at this scale"


@dataclass(frozen=True)
class Mark:
    """How a verdict looks: a sign and words, so that colour adds to them and replaces neither."""

    sign: str
    words: str
    style: str


MARKS = dict(
    zip(
        (*VERDICTS, *SETTING_VERDICTS),
        (
            Mark("✓", "reproduced", "good"),
            Mark("≈", "consistent, two seeds", "near"),
            Mark("≈", "consistent, one seed", "near"),
            Mark("≈", "within the spread of independent runs", "near"),
            Mark("?", "undecided", "open"),
            Mark("○", "no evidence: a player without skill meets it", "open"),
            Mark("≠", "inconsistent, one seed", "bad"),
            Mark("≠", "inconsistent, two seeds", "bad"),
            Mark("✗", "not reproduced", "bad"),
            Mark("✗", "contradicted: the opposite was found", "bad"),
            Mark("–", SILENT, "silent"),
            Mark("=", "agrees", "good"),
            Mark("≠", "differs", "bad"),
        ),
        strict=True,
    )
)


# Of the rows at the top, where a claim that no ledger judges says why in fewer words.
HEADLINE_MARKS: dict[str, Mark] = {
    **dict(MARKS.items()),
    NOT_JUDGED: Mark("–", NOT_JUDGED, "silent"),
    MISSING: Mark("–", MISSING, "silent"),
}


@dataclass(frozen=True)
class Link:
    """A place on the page."""

    anchor: str
    text: str


@dataclass(frozen=True)
class ClaimRow:
    """A claim as the page shows it, and the numbers that it is sorted by."""

    anchor: str
    group: str
    statement: str
    paper: str
    source: str
    value: float | None
    found: float | None
    rank: int
    published: str
    ours: str
    protocol: str
    differences: Sequence[str]
    mark: Mark
    reason: str
    origins: Sequence[Link]
    without_skill: str
    remarks: Sequence[str]
    category: Category


class Origins:
    """Which runs an answer TASK/VARIANT/METRIC rests on."""

    def __init__(
        self,
        trainings: Iterable[Training],
        analyses: Iterable[Analysis],
        contrasts: Mapping[str, ContrastParams],
        pairs: Iterable[PairParams],
    ) -> None:
        self._contrasts = contrasts
        self._pairs = {pair.answer: (pair.first, pair.second) for pair in pairs}
        self._links: dict[tuple[str, str], list[Link]] = {}
        self._measured: dict[tuple[str, str, str], list[Link]] = {}
        for training in trainings:
            link = Link(training.anchor, f"{training.task}/{training.variant}, seed {training.seed}")
            self._links.setdefault((training.task, training.variant), []).append(link)
        for analysis in analyses:
            if analysis.run is not None:
                for metric in analysis.metrics:
                    link = Link(analysis.anchor, analysis.name)
                    self._measured.setdefault((*analysis.run[:2], metric), []).append(link)

    def of(self, answer: str) -> list[Link]:
        """Links to the runs, each once; none for a number that is computed without a training."""
        if answer in self._pairs:
            first, second = self._pairs[answer]
            return list(dict.fromkeys([*self.of(first), *self.of(second)]))
        task, variant, metric = answer.split("/")
        if variant.startswith(PREFIX):
            contrast = self._contrasts.get(variant.removeprefix(PREFIX))
            variants = contrast.weights if contrast else {}
            return [link for name in variants for link in self.of(f"{task}/{name}/{metric}")]
        return self._measured.get((task, variant, metric)) or self._links.get((task, variant), [])


def claim_rows(ledger: Mapping[str, Any], origins: Origins) -> list[ClaimRow]:
    """All claims of a ledger (`hrm.report.ledger_file.read_ledger`) in its order."""
    return [
        ClaimRow(
            anchor=f"claim-{claim['id']}",
            group=claim["group"],
            statement=claim["statement"],
            paper=claim["source"].split(",")[0],
            source=f"{claim['source']}, {claim['where']}",
            value=claim["value"],
            found=claim["ours"]["mean"] if claim["ours"] else None,
            rank=list(MARKS).index(claim["verdict"]),
            published=published(claim),
            ours=ours(claim),
            protocol=claim["protocol"],
            differences=claim["differences"],
            mark=MARKS[claim["verdict"]],
            reason=claim["reason"],
            origins=origins.of(claim["ours"]["answer"]) if claim["ours"] else [],
            without_skill=without_skill(claim),
            remarks=remarks(claim),
            category=claim["category"],
        )
        for claim in ledger["claims"]
    ]


def of_groups(rows: Sequence[ClaimRow], beginnings: Sequence[str], where: str) -> list[ClaimRow]:
    """The rows of the groups whose titles begin so; ParameterError, naming `where`, for a beginning of none."""
    groups = {row.group for row in rows}
    for beginning in beginnings:
        if not any(group.startswith(beginning) for group in groups):
            raise ParameterError(f"{where}: no group of claims begins with {beginning!r}; there are {_listed(groups)}")
    return [row for row in rows if row.group.startswith(tuple(beginnings))] if beginnings else []


def counts(rows: Sequence[ClaimRow]) -> list[tuple[Mark, int]]:
    """How many claims on trainings have each verdict, the best verdict first; verdicts that none has are left out."""
    of_trainings = [row.mark for row in rows if row.category == "training"]
    return [(mark, of_trainings.count(mark)) for mark in MARKS.values() if mark in of_trainings]


def _listed(groups: Iterable[str]) -> str:
    return ", ".join(sorted(groups))
