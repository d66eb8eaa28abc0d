"""What the files in params/ may say: one model a section, and which files make up which set of parameters."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SerializeAsAny,
    WrapValidator,
    create_model,
    model_validator,
)

from hrm.core import discovery
from hrm.core.data_params import check_name, check_scale, scale_layers
from hrm.core.data_schema.base import Name
from hrm.core.experiments import variant_layers
from hrm.core.params import Case, Layer, Params, load_params
from hrm.core.vote_schema import VoteParams

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
ShareBelowOne = Annotated[float, Field(ge=0.0, lt=1.0)]


class GradientParams(Params):
    """Which module calls of a segment carry a gradient: the last ones, by a rule (`gradient_calls`)."""

    rule: Literal["one_step", "k_step", "last_cycle", "last_refinement", "full"]
    steps: PositiveInt  # of k_step


def _known_architecture(name: str) -> str:
    known = discovery.architectures()
    if name not in known:
        raise ValueError(f"allowed are {', '.join(known)}")
    return name


class ModelParams(Params):
    """Shape of the network; the published values are in params/training.yaml.

    An architecture may have a subclass of this, with a section named as it: `model_of` finds it.
    """

    # Of an architecture, whose subclass of this model may say that they are so: the keys shared_modules, high_update
    # and the rule last_refinement belong to such.
    two_modules: ClassVar[bool] = False
    refines: ClassVar[bool] = False

    architecture: Annotated[str, AfterValidator(_known_architecture)]  # a module in hrm.models
    shared_modules: bool  # of hrm: one network in both roles, as in TRM
    mixing: Literal["attention", "mlp"]
    gradient: GradientParams
    hidden_size: PositiveInt
    width_ratio: PositiveFloat  # hidden_size is multiplied by it when the files are read, and then it is 1
    heads: PositiveInt
    high_layers: PositiveInt
    low_layers: NonNegativeInt
    expansion: PositiveFloat
    mlp_multiple: PositiveInt
    high_cycles: PositiveInt
    low_cycles: PositiveInt
    positions: Literal["rope", "learned", "both", "none"]
    rope_base: PositiveFloat
    norm_epsilon: PositiveFloat
    norm_scale: bool  # a learned scale in each norm
    puzzle_embedding_size: NonNegativeInt
    puzzle_positions: NonNegativeInt  # in front of the grid, which the embedding fills; 0: as many as it needs
    initialisation: Literal["truncated_lecun", "uniform"]
    initial_states: Literal["fixed", "learned"]
    high_update: Literal["plain", "gated"]  # of hrm: a learned gate says how much of the high module's update is taken
    dropout: ShareBelowOne  # of what attention and SwiGLU add, and of the attention weights, in training
    state_noise: NonNegativeFloat  # standard deviation of what is added to a state after each update, in training
    state_sparsity: ShareBelowOne  # share of each state vector, its smallest entries, that is set to 0

    @model_validator(mode="after")
    def _heads_divide(self) -> "ModelParams":
        if self.hidden_size % (2 * self.heads):
            raise ValueError(f"hidden_size {self.hidden_size} must be a multiple of twice the {self.heads} heads")
        return self

    @model_validator(mode="after")
    def _refinements_fit(self) -> "ModelParams":
        if self.gradient.rule == "last_refinement" and not self.refines:
            raise ValueError("gradient.rule last_refinement needs architecture pointer")
        return self

    @model_validator(mode="after")
    def _puzzle_embedding_fits(self) -> "ModelParams":
        room = self.puzzle_positions * self.hidden_size
        if self.puzzle_positions and room < self.puzzle_embedding_size:
            raise ValueError(
                f"puzzle_positions {self.puzzle_positions} hold {room} numbers; it must be 0 or hold the"
                f" {self.puzzle_embedding_size} of puzzle_embedding_size"
            )
        return self

    @model_validator(mode="after")
    def _modules_fit(self) -> "ModelParams":
        if self.shared_modules and not self.two_modules:
            raise ValueError("shared_modules must be false unless architecture is hrm")
        if self.high_update == "gated" and not self.two_modules:
            raise ValueError("high_update must be plain unless architecture is hrm")
        return self

    @classmethod
    def section(cls, name: str) -> Any:
        """What the section of an architecture may say; None where it has none."""
        field = _architecture_params(name).model_fields.get(name) if name in discovery.architectures() else None
        return None if field is None else field.annotation

    @property
    def puzzle_length(self) -> int:
        """Positions in front of the grid, which hold the puzzle embedding and zeros behind it."""
        return self.puzzle_positions or -(-self.puzzle_embedding_size // self.hidden_size)


def _of_architecture(values: Any, handler: Callable[[Any], ModelParams]) -> ModelParams:
    """Check the model section against the model of its architecture."""
    if not isinstance(values, Mapping):
        return handler(values)
    known = discovery.architectures()
    sections = tuple(sorted(key for key in values if key in known))
    if values.get("architecture") not in known:
        return handler({key: value for key, value in values.items() if key not in sections})
    return model_of(values["architecture"], sections).model_validate(dict(values))


@functools.cache
def model_of(architecture: str, sections: tuple[str, ...]) -> type[ModelParams]:
    """What the model section may say, with the sections of other architectures that it holds; they are checked too."""
    own: type[ModelParams] = _architecture_params(architecture)
    others: dict[str, Any] = {
        name: (model.model_fields[name].annotation, ...)
        for name, model in ((name, _architecture_params(name)) for name in sections)
        if name not in own.model_fields and name in model.model_fields
    }
    return create_model(own.__name__, __base__=own, **others) if others else own


def _architecture_params(name: str) -> type[ModelParams]:
    params: type[ModelParams] = discovery.find(discovery.model_module(name), "ARCHITECTURE").params
    return params


class HaltingParams(Params):
    """Adaptive computation time (section 2 of the paper)."""

    # q_learning: as published, the target of continue takes one more forward pass; halting_loss: the halt head learns
    # whether the answer is right, nothing else; ponder: halts by chance, and each further segment has a cost;
    # fixed: always max_segments, and no halt head is trained.
    rule: Literal["q_learning", "halting_loss", "ponder", "fixed"]
    max_segments: PositiveInt
    judged_segments: NonNegativeInt  # after so many the evaluation takes the answer; 0: max_segments
    exploration: Fraction
    loss_weight: NonNegativeFloat
    ponder_cost: NonNegativeFloat  # of a further segment, in units of the cell loss

    @property
    def further_pass(self) -> bool:
        """Whether the targets of the rule take one more forward pass: not where there is no segment to go on to.

        With a single segment the released code makes no such pass and trains no continue value.
        """
        return self.max_segments > 1 and self.rule in ("q_learning", "ponder")

    @property
    def evaluated_segments(self) -> int:
        """The number of segments after which the evaluation takes the answer."""
        return self.judged_segments or self.max_segments


class OptimizerParams(Params):
    """Adam-atan2 or AdamW for the network, SignSGD for the puzzle embedding, and the schedule of both."""

    name: Literal["adam_atan2", "adamw"]
    epsilon: PositiveFloat  # of adamw
    gradient_clip: NonNegativeFloat  # largest norm of all gradients together; 0: no limit
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


class CurriculumParams(Params):
    """Easy examples first: those of the lowest ratings (of mazes the path length), then more and more."""

    start: Annotated[float, Field(gt=0.0, le=1.0)]  # share of the training examples at the first step; 1: no curriculum
    until: Fraction  # share of the steps after which all examples are drawn


class TrainParams(Params):
    """Length, batch, loss and bookkeeping of a training."""

    steps: PositiveInt
    batches: NonNegativeInt  # where halting is fixed: as many whole batches, instead of steps; 0: steps count
    batch_size: PositiveInt
    loss: Literal["stablemax", "softmax"]
    label_smoothing: ShareBelowOne
    supervise_every: PositiveInt  # of lattice mazes: only every n-th cell of the path counts in training
    curriculum: CurriculumParams
    dtype: Literal["bfloat16", "float32"]
    no_grad_matmul: Literal["dtype", "fp8"]
    compile: bool
    cuda_graph: bool
    threads: PositiveInt
    log_every: PositiveInt
    save_every: PositiveInt


class TransferParams(Params):
    """Another training whose recurrent modules and first states this one starts from, with the same scale and seed.

    Embedding and heads belong to a task's tokens and start afresh.
    """

    task: Name | None  # null: none, the modules start at random
    variant: Name | None
    frozen: bool  # what was taken over stays as it is; embedding and heads alone are trained

    @model_validator(mode="after")
    def _names_a_training(self) -> "TransferParams":
        if (self.task is None) != (self.variant is None):
            raise ValueError("task and variant must both be names, or both null")
        if self.frozen and self.task is None:
            raise ValueError("frozen must be false unless task and variant name a training")
        return self


class RunParams(Params):
    """One training: params/training.yaml, the scale's train/TASK.yaml, then the variant's entry in experiments/."""

    model: Annotated[SerializeAsAny[ModelParams], WrapValidator(_of_architecture)]
    transfer: TransferParams
    halting: HaltingParams
    optimizer: OptimizerParams
    train: TrainParams

    @model_validator(mode="after")
    def _batches_are_whole(self) -> "RunParams":
        if self.train.batches and self.halting.rule != "fixed":
            raise ValueError("train.batches must be 0 unless halting.rule is fixed; train.steps counts then")
        return self


class EvaluationParams(Params):
    """params/evaluation.yaml."""

    checkpoint: Literal["last"]
    weights: Annotated[list[Literal["raw", "ema"]], Field(min_length=1)]
    segment_factor: PositiveInt
    batch_size: PositiveInt
    compile_from: NonNegativeInt  # examples times segments
    confidence: Annotated[float, Field(gt=0.0, lt=1.0)]
    rating_bins: list[NonNegativeInt]
    votes: VoteParams
    threads: PositiveInt

    @model_validator(mode="after")
    def _bins_cover_every_rating(self) -> "EvaluationParams":
        if self.rating_bins[:1] != [0] or self.rating_bins != sorted(set(self.rating_bins)):
            raise ValueError("rating_bins must start at 0 and rise, as in [0, 1, 2, 5]")
        return self

    @model_validator(mode="after")
    def _weights_differ(self) -> "EvaluationParams":
        if len(set(self.weights)) < len(self.weights):
            raise ValueError("weights must name each set once, as in [raw, ema]")
        return self


def run_layers(root: Path, scale: str, task: str, variant: str) -> list[Layer]:
    """What decides a training; the variant comes last, so that what defines it holds at every scale."""
    check_name(root / "tasks", task, "task")
    of_variant = variant_layers(root, variant)
    check_scale(root, scale)
    return [Layer.of(root / "training.yaml"), *scale_layers(root, scale, "train", task), *of_variant]


def run_files(root: Path, scale: str, task: str, variant: str) -> list[Path]:
    """The files that decide a training, in that order, each once."""
    return list(dict.fromkeys(Path(layer.file) for layer in run_layers(root, scale, task, variant)))


def run_params(root: Path, scale: str, task: str, variant: str, overrides: list[str]) -> RunParams:
    """Parameters of a training, with what follows from others worked out."""
    layers = run_layers(root, scale, task, variant)
    run = load_params(RunParams, layers, overrides, _cases(root, scale, task))
    model, train = run.model, run.train
    if model.width_ratio != 1.0:
        unit = 2 * model.heads
        width = max(1, round(model.hidden_size * model.width_ratio / unit)) * unit
        model = model.model_copy(update={"hidden_size": width, "width_ratio": 1.0})
    if train.batches:
        train = train.model_copy(update={"steps": train.batches * run.halting.max_segments})
    return run.model_copy(update={"model": model, "train": train})


def unscaled_params(root: Path, variant: str, overrides: list[str]) -> RunParams:
    """params/training.yaml with a variant, at no scale and for no task."""
    layers = [Layer.of(root / "training.yaml"), *variant_layers(root, variant)]
    return load_params(RunParams, layers, overrides, _cases(root, None, None))


def evaluation_params(root: Path, overrides: list[str]) -> EvaluationParams:
    """Parameters of the evaluation."""
    return load_params(EvaluationParams, [root / "evaluation.yaml"], overrides)


def _cases(root: Path, scale: str | None, task: str | None) -> dict[str, Case]:
    return {
        "scales": Case(scale, [path.name for path in (root / "scales").iterdir()]),
        "tasks": Case(task, [path.stem for path in (root / "tasks").glob("*.yaml")]),
    }
