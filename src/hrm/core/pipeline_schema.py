"""What the pipeline builds: params/pipeline.yaml, and the runs of the experiments that it lists."""

from collections import Counter
from pathlib import Path

from pydantic import NonNegativeInt, PositiveInt, model_validator

from hrm.core.data_schema.base import Name
from hrm.core.errors import ParameterError
from hrm.core.experiments import experiments, variants
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


class DrawnExperiment(ExperimentParams):
    """An experiment of the pipeline, and whether its first run is drawn step by step."""

    film: bool


class SharedParams(Params):
    """What the pipeline takes from its file as it stands."""

    scale: Name
    datasets: list[Name]
    shards: list[NonNegativeInt]
    gpus: PositiveInt

    @model_validator(mode="after")
    def _shards_count_up(self) -> "SharedParams":
        if self.shards != list(range(len(self.shards))) or not self.shards:
            raise ValueError("shards must count up from 0, as in [0, 1, 2, 3]")
        return self


class PipelineFile(SharedParams):
    """params/pipeline.yaml."""

    experiments: list[Name]

    @model_validator(mode="after")
    def _experiments_differ(self) -> "PipelineFile":
        twice = [name for name, times in Counter(self.experiments).items() if times > 1]
        if twice:
            raise ValueError(f"experiments has {twice[0]} twice")
        return self


class PipelineParams(SharedParams):
    """params/pipeline.yaml with the experiments that it lists, in its order."""

    experiments: dict[Name, DrawnExperiment]

    @property
    def films(self) -> list[str]:
        """Experiments whose first run is drawn step by step, as a film strip and an animation."""
        return [name for name, experiment in self.experiments.items() if experiment.film]


def pipeline_params(root: Path) -> PipelineParams:
    """Read params/pipeline.yaml and its experiments.

    Raises ParameterError with file and key: also where an experiment does not exist, has a task without data, or makes
    a run that another one makes.
    """
    path = root / "pipeline.yaml"
    file = load_params(PipelineFile, [path])
    variants(root)  # each name in an experiment is that of a variant
    known = experiments(root)
    owner: dict[tuple[str, str, int], str] = {}
    listed: dict[str, DrawnExperiment] = {}
    for name in file.experiments:
        if name not in known:
            raise ParameterError(f"{path}: experiments has {name}; allowed are {', '.join(known) or '(none found)'}")
        found, where = known[name], root / "experiments" / f"{name}.yaml"
        for task in found.tasks:
            if task not in file.datasets:
                raise ParameterError(f"{where}: tasks has {task}, which is not among the datasets of {path}")
        experiment = DrawnExperiment(
            tasks=found.tasks, variants=list(found.variants), seeds=found.seeds, film=found.film
        )
        for run in experiment.runs:
            if run in owner:
                raise ParameterError(
                    f"{where}: variants.{run[1]} makes {'/'.join(map(str, run))}, which {owner[run]} makes too"
                )
            owner[run] = name
        listed[name] = experiment
    shared = {key: getattr(file, key) for key in SharedParams.model_fields}
    return PipelineParams(**shared, experiments=listed)
