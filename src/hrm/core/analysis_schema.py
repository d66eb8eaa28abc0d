"""What params/analysis.yaml may say."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from hrm.core.data_schema.base import Name
from hrm.core.errors import ParameterError
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


class NoiseParams(Params):
    """Noise on the states of a try."""

    deviation: PositiveFloat  # states have unit variance wherever a norm made them
    place: Literal["start", "every_segment"]  # on the first states alone, or before every segment


class TestTimeParams(RunsParams):
    """More computation for a trained network, and puzzles that it was not trained for."""

    examples: dict[Name, PositiveInt]  # test puzzles by scale, the first ones
    batch_size: PositiveInt
    seed: NonNegativeInt
    segment_factors: Annotated[list[PositiveInt], Field(min_length=1)]  # times the segments after which it is judged
    tries: Annotated[list[PositiveInt], Field(min_length=1)]
    noise: Annotated[list[NoiseParams], Field(min_length=1)]  # all are shown; metrics and claims take the first one
    empty_cells: list[PositiveInt]  # of Sudoku; what a board does not have is left out
    copies: Annotated[int, Field(ge=2)]  # of ARC test inputs that vote, the first ones of each task's plan

    @model_validator(mode="after")
    def _rising(self) -> "TestTimeParams":
        for key in ("segment_factors", "tries", "empty_cells"):
            values = getattr(self, key)
            if values != sorted(set(values)):
                raise ValueError(f"{key} must rise, as in [1, 2, 4]")
        if self.segment_factors[0] != 1:
            raise ValueError("segment_factors must start at 1, with which the others are compared")
        return self

    def examples_at(self, scale: str) -> int:
        """Test puzzles at a scale; ParameterError when nothing is said of it."""
        if scale not in self.examples:
            raise ParameterError(f"test_time.examples has no scale {scale!r}; it has {', '.join(self.examples)}")
        return self.examples[scale]


class AnalysisParams(Params):
    """params/analysis.yaml."""

    memory: MemoryParams
    states: StatesParams
    routing: RoutingParams
    test_time: TestTimeParams


def analysis_params(root: Path, overrides: list[str]) -> AnalysisParams:
    """Read params/analysis.yaml."""
    return load_params(AnalysisParams, [root / "analysis.yaml"], overrides)
