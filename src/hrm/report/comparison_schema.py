"""What params/comparisons.yaml may say."""

import math
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, model_validator

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
    """Means over the variants of one task, by what they differ in."""

    task: Name
    weights: Literal["raw", "ema"]
    metrics: Annotated[list[Name], Field(min_length=1)]
    by: Annotated[list[Grouping], Field(min_length=1)]
    published: Name | None


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


class ComparisonParams(Params):
    """params/comparisons.yaml."""

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
