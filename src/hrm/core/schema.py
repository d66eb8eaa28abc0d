"""What the files in params/ may say: one model a section, and which files make up which set of parameters."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from hrm.core.errors import ParameterError
from hrm.core.files import read_yaml
from hrm.core.params import Params, load_params

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class ExperimentParams(Params):
    """The runs of one experiment: every task with every variant and every seed."""

    tasks: list[Name]
    variants: list[Name]
    seeds: list[NonNegativeInt]


class PipelineParams(Params):
    """params/pipeline.yaml."""

    scale: Name
    shards: list[NonNegativeInt]
    experiments: dict[Name, ExperimentParams]

    @model_validator(mode="after")
    def _shards_count_up(self) -> "PipelineParams":
        if self.shards != list(range(len(self.shards))) or not self.shards:
            raise ValueError("shards must count up from 0, as in [0, 1, 2, 3]")
        return self


class RatingParams(Params):
    """Wished distribution of difficulty, in guesses of the documented solver; mean 0 takes puzzles as they come."""

    minimum: NonNegativeInt
    mean: NonNegativeFloat


class SearchParams(Params):
    """How much work the search for hard puzzles may do."""

    attempts: PositiveInt
    passes: PositiveInt
    solutions: Annotated[int, Field(ge=3)]
    guesses: PositiveInt
    neighbours: PositiveInt
    imbalance: NonNegativeInt


class SudokuParams(Params):
    """params/tasks/sudoku.yaml with params/scales/SCALE/data/sudoku.yaml."""

    task: Literal["sudoku"]
    seed: NonNegativeInt
    box_height: Annotated[int, Field(ge=1, le=5)]
    box_width: Annotated[int, Field(ge=1, le=5)]
    train_puzzles: PositiveInt
    test_puzzles: PositiveInt
    spare: NonNegativeFloat
    clues: PositiveInt | Literal["minimal"]
    rating: RatingParams
    search: SearchParams
    augmentations: NonNegativeInt
    include_original: bool

    @model_validator(mode="after")
    def _fits(self) -> "SudokuParams":
        if not 2 <= self.box_height * self.box_width <= 9:
            raise ValueError("box_height x box_width must be between 2 and 9")
        if self.rating.mean < self.rating.minimum:
            raise ValueError("rating.mean must be at least rating.minimum")
        return self


class ModelParams(Params):
    """Shape of the network; the published values are in params/training.yaml."""

    architecture: Literal["hrm"]
    hidden_size: PositiveInt
    heads: PositiveInt
    high_layers: PositiveInt
    low_layers: PositiveInt
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


def data_files(root: Path, scale: str, task: str) -> list[Path]:
    """The files that decide a data set, later ones override."""
    _check(root / "tasks", task, "task")
    _check_scale(root, scale)
    return [root / "tasks" / f"{task}.yaml", root / "scales" / scale / "data" / f"{task}.yaml"]


def run_files(root: Path, scale: str, task: str, variant: str) -> list[Path]:
    """The files that decide a training; the variant comes last, so that what defines it holds at every scale."""
    _check(root / "tasks", task, "task")
    _check(root / "variants", variant, "variant")
    _check_scale(root, scale)
    train = root / "scales" / scale / "train" / f"{task}.yaml"
    return [root / "training.yaml", train, root / "variants" / f"{variant}.yaml"]


def data_params(root: Path, scale: str, task: str, overrides: list[str]) -> SudokuParams:
    """Parameters of the data set of a task at a scale."""
    return load_params(SudokuParams, data_files(root, scale, task), overrides)


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
    for experiment in pipeline.experiments.values():
        for task in experiment.tasks:
            data_params(root, pipeline.scale, task, [])
            for variant in experiment.variants:
                run_params(root, pipeline.scale, task, variant, [])
    return pipeline


def _check(folder: Path, name: str, kind: str) -> None:
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in known:
        raise ParameterError(f"{folder}: no {kind} {name!r}; allowed are {', '.join(known) or '(none found)'}")


def _check_scale(root: Path, scale: str) -> None:
    known = sorted(path.name for path in (root / "scales").glob("*") if path.is_dir())
    if scale not in known:
        raise ParameterError(f"{root / 'scales'}: no scale {scale!r}; allowed are {', '.join(known) or '(none found)'}")
