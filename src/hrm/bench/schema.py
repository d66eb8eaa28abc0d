"""What params/bench.yaml may say."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from hrm.core.data_schema.base import Name
from hrm.core.params import Params, load_params

Way = Literal["plain", "eager", "compiled", "graph", "graph_fp8"]


class SettingParams(Params):
    """One setting of `hrm bench train`."""

    scale: Name
    task: Name
    family: Name
    grid_shape: Annotated[list[PositiveInt], Field(min_length=2, max_length=2)]
    vocabulary_size: PositiveInt
    changes: list[str]  # as --set takes them
    paths: list[Way]


class BenchParams(Params):
    """params/bench.yaml."""

    rounds: PositiveInt
    steps: PositiveInt
    warm_up: PositiveInt
    profiled: PositiveInt
    settings: dict[Name, SettingParams]


def bench_params(root: Path) -> BenchParams:
    """Read params/bench.yaml."""
    return load_params(BenchParams, [root / "bench.yaml"])
