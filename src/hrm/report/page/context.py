"""Everything that the template shows, read from the files of one scale."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hrm.core.analysis_schema import analysis_params
from hrm.core.errors import DataError
from hrm.core.pipeline_schema import PipelineParams, pipeline_params
from hrm.report.claims_file import read_claims
from hrm.report.comparison_schema import comparison_params
from hrm.report.ledger_file import read_ledger, settings_of
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
from hrm.report.page.verdict_rows import SILENT, ClaimRow, Origins, claim_rows, counts, of_groups
from hrm.report.report_schema import FigureParams, SectionParams, TableParams, report_params


@dataclass(frozen=True)
class Places:
    """Where the files of a scale lie."""

    params: Path
    results: Path
    figures: Path
    partial: bool = False  # show what there is, instead of what the pipeline and the page's sections name


@dataclass(frozen=True)
class Figure:
    """Pictures with their names, and what they share."""

    title: str
    pictures: Sequence[tuple[Embedded, str]]
    caption: str
    folded: bool


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
    named_in = str(places.params / "report.yaml")
    return {
        "title": report.title,
        "text": report.text,
        "scale": scale,
        "made": made(origins),
        "counts": counts(rows),
        "settings": settings_of(ledger["claims"]),
        "judged": [row for row in rows if row.category == "training" and row.mark.words != SILENT],
        "computed": [row for row in rows if row.category == "settings" and row.mark.words != SILENT],
        "silent": [row for row in rows if row.mark.words == SILENT],
        "sections": [
            _section(name, section, places, pipeline, rows, f"{named_in}: sections.{name}")
            for name, section in sections.items()
        ],
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


def _section(
    name: str, section: SectionParams, places: Places, pipeline: PipelineParams, rows: Sequence[ClaimRow], where: str
) -> Section:
    return Section(
        anchor=f"section-{name}",
        title=section.title,
        text=section.text,
        claims=of_groups(rows, section.claims, where),
        figures=[_figure(figure, places.figures, pipeline, where) for figure in section.figures],
        tables=[(read_csv(places.results / table.file, where), table) for table in section.tables],
    )


def _figure(figure: FigureParams, folder: Path, pipeline: PipelineParams, where: str) -> Figure:
    pictures = [(embed(folder / picture.file, where), picture.name) for picture in figure.pictures(pipeline)]
    return Figure(figure.title, pictures, figure.caption, figure.folded)
