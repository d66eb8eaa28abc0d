"""What params/pipeline.yaml may say: the scale, the data sets, and which runs make up which experiment."""

from pathlib import Path

from pydantic import NonNegativeInt, PositiveInt, model_validator

from hrm.core.data_schema.base import Name
from hrm.core.params import Params, load_params


class ExperimentParams(Params):
    """The runs of one experiment: every task with every variant and every seed."""

    tasks: list[Name]
    variants: list[Name]
    seeds: list[NonNegativeInt]

    @property
    def runs(self) -> list[tuple[str, str, int]]:
        """(task, variant, seed) of every training."""
        return [(task, variant, seed) for task in self.tasks for variant in self.variants for seed in self.seeds]


class PipelineParams(Params):
    """params/pipeline.yaml."""

    scale: Name
    datasets: list[Name]
    shards: list[NonNegativeInt]
    gpus: PositiveInt
    experiments: dict[Name, ExperimentParams]
    films: list[Name]

    @model_validator(mode="after")
    def _shards_count_up(self) -> "PipelineParams":
        if self.shards != list(range(len(self.shards))) or not self.shards:
            raise ValueError("shards must count up from 0, as in [0, 1, 2, 3]")
        return self

    @model_validator(mode="after")
    def _tasks_have_data(self) -> "PipelineParams":
        for name, experiment in self.experiments.items():
            for task in experiment.tasks:
                if task not in self.datasets:
                    raise ValueError(f"experiments.{name}.tasks names {task}, which is not among the datasets")
        return self

    @model_validator(mode="after")
    def _films_show_experiments(self) -> "PipelineParams":
        for name in self.films:
            if name not in self.experiments:
                raise ValueError(f"films names {name}, which is not among the experiments")
        return self

    @model_validator(mode="after")
    def _no_run_is_made_twice(self) -> "PipelineParams":
        owner: dict[tuple[str, str, int], str] = {}
        for name, experiment in self.experiments.items():
            for run in experiment.runs:
                if run in owner:
                    raise ValueError(
                        f"experiments.{name} and experiments.{owner[run]} both make {'/'.join(map(str, run))}"
                    )
                owner[run] = name
        return self


def pipeline_params(root: Path) -> PipelineParams:
    """Read params/pipeline.yaml."""
    return load_params(PipelineParams, [root / "pipeline.yaml"])
