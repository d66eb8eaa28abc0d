"""What a chart of params/comparisons.yaml may say: variants side by side, as dots or as lines over a numeric axis."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hrm.core.data_schema.base import Name
from hrm.core.errors import ParameterError
from hrm.core.experiments import variants
from hrm.core.params import Params

ChartUnit = Literal["per cent", "ratio", "layers", "parameters", "million parameters", "seconds", "minutes"]


class PanelParams(Params):
    """One panel: a metric of a task."""

    title: str
    task: Name
    metric: Name
    unit: ChartUnit
    axis: str  # label of the axis


class DotPanelParams(PanelParams):
    """One panel of dots: its metric of each row of the chart."""

    limit: Name | None  # id of a claim: its value is drawn as a line, and the table says which results obey it


class DotRowParams(Params):
    """One row: a variant, or what was published only. A list has an entry a panel; null there is none of its own."""

    label: str
    variant: Name | None = None
    tasks: list[Name | None] | None = None  # instead of the task of the panel
    metrics: list[Name | None] | None = None  # instead of the metric of the panel
    weights: Literal["raw", "ema"] | None = None  # instead of those that the variant is shown with
    # Ids of the published values. Without it, the first claim of relation `equal` whose first answer is the result.
    claims: list[Name | None] | None = None


class DotChart(Params):
    """A row a variant, a panel a metric."""

    kind: Literal["dots"]
    title: str
    panels: Annotated[list[DotPanelParams], Field(min_length=1)]
    rows: Annotated[list[DotRowParams], Field(min_length=1)]

    @model_validator(mode="after")
    def _rows_fit(self) -> "DotChart":
        _refuse_twins("panels", [panel.title for panel in self.panels])
        _refuse_twins("rows", [row.label for row in self.rows])
        for place, row in enumerate(self.rows):
            if row.variant is None and row.claims is None:
                raise ValueError(f"rows.{place} ({row.label!r}) has neither a variant nor claims")
            for key in ("tasks", "metrics", "claims"):
                entries = getattr(row, key)
                if entries is not None and len(entries) != len(self.panels):
                    raise ValueError(
                        f"rows.{place}.{key} ({row.label!r}) has length {len(entries)}; "
                        f"it must have an entry for each of the {len(self.panels)} panels"
                    )
        return self


class AxisParams(Params):
    """A horizontal axis, logarithmic: a metric that summary.csv has of the same variants."""

    metric: Name
    unit: ChartUnit
    axis: str


class PublishedPointParams(Params):
    """A published point: the ids of the claims that are its two numbers."""

    x: Name
    y: Name


class LineParams(Params):
    """One family of variants, joined from left to right, and what was published of it."""

    label: str
    variants: Annotated[list[Name], Field(min_length=1)]
    published: list[PublishedPointParams]


class LinePanelParams(PanelParams):
    """One panel of lines: its metric over another one."""

    x: AxisParams
    lines: Annotated[list[LineParams], Field(min_length=1)]

    @model_validator(mode="after")
    def _lines_differ(self) -> "LinePanelParams":
        _refuse_twins("lines", [line.label for line in self.lines])
        for line in self.lines:
            _refuse_twins(f"variants of {line.label}", line.variants)
        return self


class LineChart(Params):
    """A line a family of variants."""

    kind: Literal["lines"]
    title: str
    panels: Annotated[list[LinePanelParams], Field(min_length=1)]

    @model_validator(mode="after")
    def _panels_differ(self) -> "LineChart":
        _refuse_twins("panels", [panel.title for panel in self.panels])
        return self


Chart = Annotated[DotChart | LineChart, Field(discriminator="kind")]


def check_charts(path: Path, charts: dict[str, Chart], root: Path) -> None:
    """ParameterError with file and key where a chart names a task or a variant that there is not.

    Args:
        path: of the charts, for the message.
        charts: by name.
        root: folder of the parameters.
    """
    known = {"task": {file.stem for file in (root / "tasks").glob("*.yaml")}, "variant": set(variants(root))}
    for name, chart in charts.items():
        for key, kind, value in _names(chart):
            if value not in known[kind]:
                allowed = ", ".join(sorted(known[kind]))
                raise ParameterError(f"{path}: charts.{name}.{key} names no {kind}: {value!r}; allowed are {allowed}")


def _names(chart: Chart) -> Iterator[tuple[str, Literal["task", "variant"], str]]:
    """Key, kind and value of every name of a task or variant."""
    panels: Sequence[PanelParams] = chart.panels
    for place, panel in enumerate(panels):
        yield f"panels.{place}.task", "task", panel.task
        if isinstance(panel, LinePanelParams):
            for number, line in enumerate(panel.lines):
                for variant in line.variants:
                    yield f"panels.{place}.lines.{number}.variants", "variant", variant
    for place, row in enumerate(chart.rows if isinstance(chart, DotChart) else []):
        if row.variant is not None:
            yield f"rows.{place}.variant", "variant", row.variant
        for task in row.tasks or []:
            if task is not None:
                yield f"rows.{place}.tasks", "task", task


def _refuse_twins(what: str, labels: list[str]) -> None:
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(f"{what} has {label!r} twice")
