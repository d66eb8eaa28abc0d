"""What params/analysis.yaml may say."""

from pathlib import Path
from typing import Literal

from pydantic import PositiveInt

from hrm.core.data_schema.base import Name
from hrm.core.params import Params, load_params
from hrm.core.pipeline_schema import ExperimentParams


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


class RoutingParams(Params):
    """Entropy of the routes and the attention of pointer models."""

    runs: dict[Name, ExperimentParams]  # by experiment
    examples: PositiveInt  # test puzzles, the first ones
    batch_size: PositiveInt

    @property
    def all_runs(self) -> list[tuple[str, str, int]]:
        """(task, variant, seed) of every network that is looked into."""
        return [run for group in self.runs.values() for run in group.runs]


class AnalysisParams(Params):
    """params/analysis.yaml."""

    memory: MemoryParams
    routing: RoutingParams


def analysis_params(root: Path, overrides: list[str]) -> AnalysisParams:
    """Read params/analysis.yaml."""
    return load_params(AnalysisParams, [root / "analysis.yaml"], overrides)
