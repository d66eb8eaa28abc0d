"""Everything that the template shows, read from the files of one scale."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hrm.core.analysis_schema import analysis_params
from hrm.core.errors import DataError
from hrm.core.pipeline_schema import PipelineParams, pipeline_params
from hrm.report.captions import caption_in
from hrm.report.claims_file import read_claims
from hrm.report.claims_table import NamedLedger, ledger_name
from hrm.report.comparison_schema import comparison_params
from hrm.report.headline import headline_rows
from hrm.report.ledger_file import read_ledger, settings_of
from hrm.report.page.drawings import Drawing, Drawings
from hrm.report.page.pictures import Embedded, embed
from hrm.report.page.records import (
    KINDS,
    Training,
    environments,
    found_analyses,
    found_trainings,
    made,
    read_analyses,
    read_trainings,
)
from hrm.report.page.tables import Table, read_csv
from hrm.report.page.verdict_rows import (
    HEADLINE_MARKS,
    SILENT,
    ClaimRow,
    Origins,
    claim_rows,
    counts,
    of_groups,
)
from hrm.report.report_schema import FigureParams, ReportParams, SectionParams, TableParams, report_params

LABELS = 160  # characters of the words in a picture that its description repeats


@dataclass(frozen=True)
class Places:
    """Where the files of a scale lie."""

    params: Path
    results: Path
    figures: Path
    partial: bool = False  # show what there is, instead of what the pipeline and the page's sections name
    others: Sequence[Path] = ()  # ledgers of other folders, which answer what this one does not


@dataclass(frozen=True)
class Picture:
    """A picture, its name where it is one of several, and what is seen in it."""

    content: Embedded | Drawing
    name: str
    seen: str


@dataclass(frozen=True)
class Figure:
    """Pictures and what they share."""

    title: str
    pictures: Sequence[Picture]
    caption: str
    folded: bool
    paper: bool


@dataclass(frozen=True)
class Section:
    """A section ready to be shown."""

    anchor: str
    title: str
    text: Sequence[str]
    claims: Sequence[ClaimRow]
    figures: Sequence[Figure]
    tables: Sequence[tuple[Table, TableParams]]


def page_context(places: Places, scale: str) -> dict[str, Any]:
    """The variables of templates/page.html.

    Raises ParameterError or DataError when a file is missing or broken, a section names what there is not, or the
    claims are of another scale.
    """
    report = report_params(places.params)
    pipeline = pipeline_params(places.params)
    analysis = analysis_params(places.params, [])
    sections = report.shown(pipeline)
    if places.partial:
        sections = _with_files(sections, places, pipeline)
    ledger_path = places.results / "claims.json"
    ledger = read_ledger(ledger_path)
    if ledger["scale"] != scale:
        raise DataError(f"{ledger_path}: scale is {ledger['scale']!r}; it must be {scale!r}")
    if places.partial:
        trainings, analyses = found_trainings(places.results), found_analyses(places.results)
    else:
        runs = [run for experiment in pipeline.experiments.values() for run in experiment.runs]
        trainings = read_trainings(places.results, runs)
        analyses = read_analyses(places.results, {kind: getattr(analysis, kind).all_runs for kind in KINDS})
    contrasts = comparison_params(places.params).contrasts
    pairs = read_claims(places.params / "claims.yaml").pairs
    rows = claim_rows(ledger, Origins(trainings, analyses, contrasts, pairs))
    origins = [origin for run in trainings for origin in (run.origin, run.evaluation)]
    origins += [analysis.origin for analysis in analyses]
    others = [(path, read_ledger(path)) for path in places.others]
    ledgers = [(ledger_path, ledger), *others]
    named = [NamedLedger(ledger_name(path, held["scale"]), held) for path, held in ledgers]
    drawings = Drawings()
    source = _Source(places, pipeline, report, drawings)
    return {
        "title": report.title,
        "lead": report.lead,
        "text": report.text,
        "headline": [(row, HEADLINE_MARKS[row.verdict]) for row in headline_rows(named, report.headline)],
        "scale": scale,
        "made": made(origins),
        "counts": counts(rows),
        "settings": settings_of(ledger["claims"]),
        "judged": [row for row in rows if row.category == "training" and row.mark.words != SILENT],
        "computed": [row for row in rows if row.category == "settings" and row.mark.words != SILENT],
        "silent": [row for row in rows if row.mark.words == SILENT],
        "marks": list(dict.fromkeys(row.mark for row in sorted(rows, key=lambda row: row.rank))),
        "silence": SILENT,
        "papers": sorted({row.paper for row in rows}),
        "sections": [_section(name, section, source, rows) for name, section in sections.items()],
        "drawings": drawings,
        "trainings": trainings,
        "totals": totals(trainings),
        "analyses": analyses,
        "environments": environments(origins),
    }


def totals(trainings: Sequence[Training]) -> Mapping[str, float | None]:
    """Sums over all trainings: seconds of training and evaluation, joules where any is known, and how many are."""
    known = [run.energy for run in trainings if run.energy is not None]
    return {
        "train": math.fsum(run.origin.seconds or 0 for run in trainings),
        "evaluate": math.fsum(run.evaluation.seconds or 0 for run in trainings),
        "energy": math.fsum(known) if known else None,
        "measured": len(known),
    }


def _with_files(
    sections: Mapping[str, SectionParams], places: Places, pipeline: PipelineParams
) -> dict[str, SectionParams]:
    """The sections without the figures and tables that are missing; without those of which nothing is left."""
    found: dict[str, SectionParams] = {}
    for name, section in sections.items():
        tables = [table for table in section.tables if (places.results / table.file).exists()]
        figures = []
        for figure in section.figures:
            files = [picture.file for picture in figure.pictures(pipeline) if (places.figures / picture.file).exists()]
            if files:
                figures.append(figure.model_copy(update={"files": files}))
        if figures or tables:
            found[name] = section.model_copy(update={"figures": figures, "tables": tables})
    return found


@dataclass(frozen=True)
class _Source:
    """What sections are made from."""

    places: Places
    pipeline: PipelineParams
    report: ReportParams
    drawings: Drawings

    @property
    def file(self) -> Path:
        return self.places.params / "report.yaml"


def _section(name: str, section: SectionParams, source: _Source, rows: Sequence[ClaimRow]) -> Section:
    where = f"{source.file}: sections.{name}"
    return Section(
        anchor=f"section-{name}",
        title=section.title,
        text=section.text,
        claims=of_groups(rows, section.claims, where),
        figures=[_figure(figure, source, where) for figure in section.figures],
        tables=[(read_csv(source.places.results / table.file, where), table) for table in section.tables],
    )


def _figure(figure: FigureParams, source: _Source, where: str) -> Figure:
    kind = source.report.kinds[figure.kind]
    pictures = []
    for file, name in figure.pictures(source.pipeline):
        content = embed(source.places.figures / file, where, source.drawings, on_paper=kind.paper)
        title = f"{figure.title}, {name}" if name else figure.title
        pictures.append(Picture(content, name, f"{title}. {kind.seen}{_words(content)}."))
    caption = caption_in(source.report, figure.kind, source.file)
    return Figure(figure.title, pictures, f"{caption} {figure.caption or ''}".strip(), figure.folded, kind.paper)


def _words(content: Embedded | Drawing) -> str:
    """What is written in a picture, as far as LABELS characters go."""
    if isinstance(content, Embedded) or not content.labels:
        return ""
    known = [content.labels[0]]
    for label in content.labels[1:]:
        if sum(map(len, known)) + len(label) > LABELS:
            break
        known.append(label)
    return f". In the picture: {'; '.join(known)}"
