"""What params/analysis.yaml may say."""

from pathlib import Path
from typing import Literal

from pydantic import PositiveInt

from hrm.core.data_schema.base import Name
from hrm.core.params import Params, load_params


class MemoryParams(Params):
    """Memory of one training step, for each rule of the gradient and each number of cycles."""

    task: Name
    variant: Name
    rules: list[Literal["one_step", "k_step", "last_cycle", "full"]]
    steps: PositiveInt
    high_cycles: list[PositiveInt]
    low_cycles: PositiveInt
    batch_size: PositiveInt
    cells: PositiveInt
    vocabulary_size: PositiveInt


class AnalysisParams(Params):
    """params/analysis.yaml."""

    memory: MemoryParams


def analysis_params(root: Path, overrides: list[str]) -> AnalysisParams:
    """Read params/analysis.yaml."""
    return load_params(AnalysisParams, [root / "analysis.yaml"], overrides)
