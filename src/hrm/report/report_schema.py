"""What params/report.yaml may say: the sections of the report page, their figures and their tables."""

import re
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from hrm.core.data_schema.base import Name
from hrm.core.params import Params, load_params
from hrm.core.pipeline_schema import PipelineParams

Text = Annotated[str, Field(min_length=1)]
# A path inside the folder, in which {experiment}, {film} and {task} stand for each of the pipeline's own.
Inside = Annotated[str, Field(pattern=r"^(?:[a-z0-9_{}]+/)*[a-z0-9_{}]+\.[a-z]+$")]
PLACEHOLDERS = ("{experiment}", "{film}", "{task}")


class Picture(NamedTuple):
    """One file of figures/SCALE, and what tells it from the others of its figure; nothing where it is alone."""

    file: str
    name: str


class FigureParams(Params):
    """Pictures with one caption; those of a folded figure show when the reader opens it."""

    title: Text
    files: Annotated[list[Inside], Field(min_length=1)]
    caption: Text
    folded: bool

    def pictures(self, pipeline: PipelineParams) -> list[Picture]:
        """The files in their order, patterns replaced by the experiments, films or data sets of the pipeline."""
        found = [Picture(file, name) for pattern in self.files for file, name in _expand(pattern, pipeline)]
        return found if len(found) > 1 else [Picture(picture.file, "") for picture in found]


class TableParams(Params):
    """A CSV file of results/SCALE that is shown in full."""

    file: Inside
    caption: Text
    folded: bool


class SectionParams(Params):
    """A section; it is left out where the pipeline has not all of the experiments it needs."""

    title: Text
    needs: list[Name]
    text: list[Text]
    claims: list[Text]  # beginnings of titles of groups in params/claims.yaml, whose published numbers stand here
    figures: list[FigureParams]
    tables: list[TableParams]


class HeadlineParams(Params):
    """A row of the table at the top of page and README."""

    question: Text
    claim: Name  # id in params/claims.yaml
    said: Text | None  # the published answer where it is no number


class ReportParams(Params):
    """params/report.yaml."""

    title: Text
    text: list[Text]
    headline: Annotated[list[HeadlineParams], Field(min_length=1)]
    sections: Annotated[dict[Name, SectionParams], Field(min_length=1)]

    @model_validator(mode="after")
    def _patterns_are_known(self) -> "ReportParams":
        for name, section in self.sections.items():
            for pattern in (pattern for figure in section.figures for pattern in figure.files):
                plain = re.sub("|".join(map(re.escape, PLACEHOLDERS)), "", pattern, count=1)
                if {"{", "}"} & set(plain):
                    raise ValueError(f"sections.{name} has {pattern}; allowed is one of {', '.join(PLACEHOLDERS)}")
            for table in section.tables:
                if {"{", "}"} & set(table.file):
                    raise ValueError(f"sections.{name} has the table {table.file}; braces are allowed in figures only")
        return self

    def shown(self, pipeline: PipelineParams) -> dict[str, SectionParams]:
        """The sections whose experiments the pipeline has."""
        return {
            name: section
            for name, section in self.sections.items()
            if all(experiment in pipeline.experiments for experiment in section.needs)
        }

    def figure_files(self, pipeline: PipelineParams) -> list[str]:
        """Every picture of the page, relative to figures/SCALE."""
        figures = (figure for section in self.shown(pipeline).values() for figure in section.figures)
        return list(dict.fromkeys(picture.file for figure in figures for picture in figure.pictures(pipeline)))

    def table_files(self, pipeline: PipelineParams) -> list[str]:
        """Every table that sections show, relative to results/SCALE."""
        return list(dict.fromkeys(table.file for part in self.shown(pipeline).values() for table in part.tables))


def report_params(root: Path) -> ReportParams:
    """Read params/report.yaml."""
    return load_params(ReportParams, [root / "report.yaml"])


def _expand(pattern: str, pipeline: PipelineParams) -> list[tuple[str, str]]:
    """(file, name) of a pattern: the experiment, film or data set, or else the file's name without its last word."""
    meanings = (pipeline.experiments, pipeline.films, pipeline.datasets)
    for placeholder, names in zip(PLACEHOLDERS, meanings, strict=True):
        if placeholder in pattern:
            return [(pattern.replace(placeholder, name), name.replace("_", " ")) for name in names]
    return [(pattern, Path(pattern).stem.rpartition("_")[0].replace("_", " "))]
