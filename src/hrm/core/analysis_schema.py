"""What params/analysis.yaml may say."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

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


class RunsParams(Params):
    """What is measured of trained networks."""

    runs: dict[Name, ExperimentParams]  # by experiment

    @property
    def all_runs(self) -> list[tuple[str, str, int]]:
        """(task, variant, seed) of every network that is looked into."""
        return [run for group in self.runs.values() for run in group.runs]


class StatesParams(RunsParams):
    """Residuals, principal components and participation ratio of the states of trained networks."""

    examples: Annotated[int, Field(ge=2)]  # test puzzles, the first ones; each is a trajectory
    batch_size: PositiveInt
    least_steps: PositiveInt  # a recurrent network gets more segments than in training until it has made so many calls
    puzzles: PositiveInt  # whose trajectories are drawn, the first ones
    # Participation ratios over so many; what exceeds the examples is cut to them.
    trajectories: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
    resamples: Annotated[int, Field(ge=100)]  # of the bootstrap


class RoutingParams(RunsParams):
    """Entropy of the routes and the attention of pointer models."""

    examples: PositiveInt  # test puzzles, the first ones
    batch_size: PositiveInt


class AnalysisParams(Params):
    """params/analysis.yaml."""

    memory: MemoryParams
    states: StatesParams
    routing: RoutingParams


def analysis_params(root: Path, overrides: list[str]) -> AnalysisParams:
    """Read params/analysis.yaml."""
    return load_params(AnalysisParams, [root / "analysis.yaml"], overrides)
