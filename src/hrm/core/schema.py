"""What the files in params/ may say: one model a section, and which files make up which set of parameters."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from hrm.core.analysis_schema import analysis_params
from hrm.core.data_params import check_name, check_scale, data_params
from hrm.core.data_schema.base import Name
from hrm.core.files import read_yaml
from hrm.core.params import Params, load_params

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class ExperimentParams(Params):
    """The runs of one experiment: every task with every variant and every seed."""

    tasks: list[Name]
    variants: list[Name]
    seeds: list[NonNegativeInt]


class PipelineParams(Params):
    """params/pipeline.yaml."""

    scale: Name
    datasets: list[Name]
    shards: list[NonNegativeInt]
    experiments: dict[Name, ExperimentParams]

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


class GradientParams(Params):
    """Which module calls of a segment carry a gradient: the last ones, by a rule (hrm.models.gradients)."""

    rule: Literal["one_step", "k_step", "last_cycle", "full"]
    steps: PositiveInt  # of k_step


class ModelParams(Params):
    """Shape of the network; the published values are in params/training.yaml."""

    architecture: Literal["hrm", "single"]
    shared_modules: bool  # of hrm: one network in both roles, as in TRM
    mixing: Literal["attention", "mlp"]
    gradient: GradientParams
    hidden_size: PositiveInt
    heads: PositiveInt
    high_layers: PositiveInt
    low_layers: NonNegativeInt
    expansion: PositiveFloat
    mlp_multiple: PositiveInt
    high_cycles: PositiveInt
    low_cycles: PositiveInt
    positions: Literal["rope", "learned"]
    rope_base: PositiveFloat
    norm_epsilon: PositiveFloat
    puzzle_embedding_size: NonNegativeInt

    @model_validator(mode="after")
    def _heads_divide(self) -> "ModelParams":
        if self.hidden_size % (2 * self.heads):
            raise ValueError(f"hidden_size {self.hidden_size} must be a multiple of twice the {self.heads} heads")
        return self

    @model_validator(mode="after")
    def _modules_fit(self) -> "ModelParams":
        if self.shared_modules and self.architecture != "hrm":
            raise ValueError("shared_modules must be false unless architecture is hrm")
        if self.architecture == "hrm" and self.shared_modules != (self.low_layers == 0):
            raise ValueError("low_layers must be 0 where shared_modules is true, and at least 1 where it is false")
        return self


class HaltingParams(Params):
    """Adaptive computation time (section 2 of the paper)."""

    max_segments: PositiveInt
    exploration: Fraction
    # `extra_forward`: the published Q target, one more forward pass; `none`: the halting loss alone.
    continue_target: Literal["extra_forward", "none"]
    loss_weight: NonNegativeFloat


class OptimizerParams(Params):
    """Adam-atan2 for the network, SignSGD for the puzzle embedding, and the schedule of both."""

    learning_rate: PositiveFloat
    weight_decay: NonNegativeFloat
    beta1: Fraction
    beta2: Fraction
    puzzle_learning_rate: NonNegativeFloat
    puzzle_weight_decay: NonNegativeFloat
    warmup_steps: NonNegativeInt
    schedule: Literal["constant", "cosine"]
    minimum_ratio: Fraction
    ema_decay: Fraction


class TrainParams(Params):
    """Length, batch, loss and bookkeeping of a training."""

    steps: PositiveInt
    batch_size: PositiveInt
    loss: Literal["stablemax", "softmax"]
    dtype: Literal["bfloat16", "float32"]
    compile: bool
    cuda_graph: bool
    threads: PositiveInt
    log_every: PositiveInt
    save_every: PositiveInt


class RunParams(Params):
    """One training: params/training.yaml, the scale's train/TASK.yaml, then variants/VARIANT.yaml."""

    model: ModelParams
    halting: HaltingParams
    optimizer: OptimizerParams
    train: TrainParams


class EvaluationParams(Params):
    """params/evaluation.yaml."""

    checkpoint: Literal["last"]
    weights: Literal["ema", "raw"]
    segment_factor: PositiveInt
    batch_size: PositiveInt
    confidence: Annotated[float, Field(gt=0.0, lt=1.0)]
    rating_bins: list[NonNegativeInt]
    threads: PositiveInt

    @model_validator(mode="after")
    def _bins_cover_every_rating(self) -> "EvaluationParams":
        if self.rating_bins[:1] != [0] or self.rating_bins != sorted(set(self.rating_bins)):
            raise ValueError("rating_bins must start at 0 and rise, as in [0, 1, 2, 5]")
        return self


def pipeline_params(root: Path) -> PipelineParams:
    """Read params/pipeline.yaml."""
    return load_params(PipelineParams, [root / "pipeline.yaml"])


def run_files(root: Path, scale: str, task: str, variant: str) -> list[Path]:
    """The files that decide a training; the variant comes last, so that what defines it holds at every scale."""
    check_name(root / "tasks", task, "task")
    check_name(root / "variants", variant, "variant")
    check_scale(root, scale)
    train = root / "scales" / scale / "train" / f"{task}.yaml"
    return [root / "training.yaml", train, root / "variants" / f"{variant}.yaml"]


def run_params(root: Path, scale: str, task: str, variant: str, overrides: list[str]) -> RunParams:
    """Parameters of a training."""
    return load_params(RunParams, run_files(root, scale, task, variant), overrides)


def evaluation_params(root: Path, overrides: list[str]) -> EvaluationParams:
    """Parameters of the evaluation."""
    return load_params(EvaluationParams, [root / "evaluation.yaml"], overrides)


def check_all(root: Path) -> PipelineParams:
    """Read every file that the pipeline will use, so that a mistake shows before the first job."""
    pipeline = pipeline_params(root)
    read_yaml(root / "claims.yaml")
    evaluation_params(root, [])
    analysis = analysis_params(root, [])
    run_params(root, pipeline.scale, analysis.memory.task, analysis.memory.variant, [])
    for task in pipeline.datasets:
        data_params(root, pipeline.scale, task, [])
    for experiment in pipeline.experiments.values():
        for task in experiment.tasks:
            for variant in experiment.variants:
                run_params(root, pipeline.scale, task, variant, [])
    return pipeline
