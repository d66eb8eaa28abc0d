"""What params/comparisons.yaml may say."""

import math
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from hrm.core.data_schema.base import Name
from hrm.core.errors import ParameterError
from hrm.core.params import Params, load_params
from hrm.report.chart_schema import Chart, check_charts

Grouping = Literal["segments", "architecture", "cycles"]


class ContrastParams(Params):
    """A weighted sum of the results of variants; the weights sum to 0."""

    task: Name
    metrics: Annotated[list[Name], Field(min_length=1)]
    weights: Annotated[dict[Name, float], Field(min_length=2)]

    @model_validator(mode="after")
    def _sums_to_zero(self) -> "ContrastParams":
        total = math.fsum(self.weights.values())
        if abs(total) > 1e-9:
            raise ValueError(f"the weights sum to {total:g}; they must sum to 0")
        return self


class AggregateParams(Params):
    """Means over rows of a study, by what they differ in."""

    task: Name
    weights: Literal["raw", "ema"]
    metrics: Annotated[list[Name], Field(min_length=1)]
    by: Annotated[list[Grouping], Field(min_length=1)]
    # The variants that count, and of each the ids of the claims that are its published values, by metric.
    rows: Annotated[dict[Name, dict[Name, Name]], Field(min_length=1)]


class BandParams(Params):
    """A range of difficulty: ratings from `least` to `most`, both inside, of whole rating_bins of the evaluation."""

    task: Name
    least: NonNegativeInt
    most: NonNegativeInt

    @model_validator(mode="after")
    def _rises(self) -> "BandParams":
        if self.least > self.most:
            raise ValueError(f"least is {self.least}; it must not be above most, {self.most}")
        return self


Label = Annotated[str, Field(min_length=1, max_length=40)]  # longer ones do not fit a legend


class LabelParams(Params):
    """What figures call things, by their names in the parameters and in results."""

    variants: dict[Name, Label]
    tasks: dict[Name, Label]
    metrics: dict[Name, Label]

    @model_validator(mode="after")
    def _labels_differ(self) -> "LabelParams":
        for kind in ("variants", "tasks"):
            labels = list(getattr(self, kind).values())
            for label in labels:
                if labels.count(label) > 1:
                    raise ValueError(f"{kind} has {label!r} twice, so that a reader could not tell them apart")
        return self


class ComparisonParams(Params):
    """params/comparisons.yaml."""

    labels: LabelParams
    # A published value stands beside ours only where our network has at least so many parameters.
    published_parameters: PositiveInt

    # Which weights figures and charts show, by variant: the first pattern that fits.
    weights: Annotated[dict[str, Literal["raw", "ema"]], Field(min_length=1)]
    bands: dict[Name, BandParams]
    contrasts: dict[Name, ContrastParams]
    aggregates: dict[Name, AggregateParams]
    charts: dict[Name, Chart]

    @model_validator(mode="after")
    def _weights_of_every_variant(self) -> "ComparisonParams":
        if list(self.weights)[-1] != "*":
            raise ValueError("weights must end with the pattern '*', so that every variant has one")
        return self

    def shown(self, variant: str) -> Literal["raw", "ema"]:
        """The weights that figures and charts show of a variant."""
        return next(weights for pattern, weights in self.weights.items() if fnmatchcase(variant, pattern))


def comparison_params(root: Path) -> ComparisonParams:
    """Read params/comparisons.yaml; ParameterError names what is wrong, unknown tasks and variants of charts too."""
    path = root / "comparisons.yaml"
    params = load_params(ComparisonParams, [path])
    check_charts(path, params.charts, root)
    return params


def chart_params(root: Path, name: str) -> tuple[Chart, ComparisonParams]:
    """One chart of params/comparisons.yaml, and the whole file; ParameterError when there is none of that name."""
    comparisons = comparison_params(root)
    charts = comparisons.charts
    if name not in charts:
        raise ParameterError(f"{root / 'comparisons.yaml'}: charts has no {name!r}; allowed are {', '.join(charts)}")
    return charts[name], comparisons
