"""The parameters that a record holds (provenance.json, evaluation.json, states.json, a model file), in today's schema.

A key that a record lacks came after the record was written: `CAME` says for each such key what was true before. A key
that was renamed, went away or changed its meaning needs a function in `CHANGES` as well, and a new number in `SCHEMA`,
which every record carries from now on; records without one are of version 0.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

from hrm.core import discovery
from hrm.core.analysis_schema import RoutingParams, StatesParams
from hrm.core.data_params import family_params
from hrm.core.data_schema.base import DataParams
from hrm.core.errors import DataError
from hrm.core.files import read_json
from hrm.core.params import Params, parse_value
from hrm.core.schema import EvaluationParams, RunParams

P = TypeVar("P", bound=Params)
Values = dict[str, Any]

SCHEMA = 2

# What was true before a key came. The first schema is that of commit 3fb63b1 of 2026-11-22.
CAME: Mapping[type[Params], Mapping[str, Any]] = {
    RunParams: {
        "train.cuda_graph": False,
        # One module, direct prediction, TRM.
        "model.shared_modules": False,
        "model.mixing": "attention",
        "model.gradient.rule": "one_step",
        "model.gradient.steps": 2,  # of another rule
        # The switches of the studies.
        "model.width_ratio": 1.0,
        "model.puzzle_positions": 0,
        "model.norm_scale": False,
        "model.initialisation": "truncated_lecun",
        "model.initial_states": "fixed",
        "model.high_update": "plain",
        "model.dropout": 0.0,
        "model.state_noise": 0.0,
        "model.state_sparsity": 0.0,
        "halting.judged_segments": 0,
        "halting.ponder_cost": 0.01,  # of another rule
        "optimizer.name": "adam_atan2",
        "optimizer.epsilon": 1.0e-8,  # of another optimizer
        "optimizer.gradient_clip": 0.0,
        "train.batches": 0,
        "train.label_smoothing": 0.0,
        "train.supervise_every": 1,
        "train.curriculum.start": 1.0,
        "train.curriculum.until": 0.5,  # of no account where the curriculum starts with all
        # The pointer-over-heads model: no other architecture looks at these.
        "model.pointer.fewer_heads": 1,
        "model.pointer.controller_share": 0.5,
        "model.pointer.controller_gradient": "through_time",
        "model.pointer.controller_reset": "segment",
        "model.pointer.refinements": 4,
        "model.pointer.period": 4,
        "model.pointer.high_gate": False,
        "model.pointer.inject_input": True,
        "model.pointer.residual": "rezero",
        "model.pointer.routed": "heads",
        "model.pointer.routing": "soft",
        "model.pointer.temperature_start": 2.0,
        "model.pointer.temperature_end": 1.0,
        "model.pointer.entropy_weight": 0.0,
        "model.pointer.entropy_annealed": True,
        "model.pointer.halting_threshold": 0.99,
        "model.pointer.ponder_cost": 0.0,
        "train.no_grad_matmul": "dtype",
        "transfer.task": None,
        "transfer.variant": None,
        "transfer.frozen": False,
    },
    EvaluationParams: {
        "compile_from": 0,  # compiled wherever there was a GPU
        # Only ARC has votes, and no ARC network had been evaluated.
        "votes.augmentations": "all",
        "votes.counts": [1, 2, 5, 10, 30, 100, 300, 1000],
        "votes.top": [1, 2, 10, 100, 1000],
        "votes.subsets": 16,
        "votes.seed": 0,
        "votes.block": 16384,
    },
    StatesParams: {},
    RoutingParams: {},
}


def _halting_rule(values: Values) -> None:
    """halting.continue_target became halting.rule in commit a276e1c."""
    halting = values.get("halting")
    if isinstance(halting, dict) and "continue_target" in halting:
        rules = {"extra_forward": "q_learning", "none": "halting_loss"}
        target = halting.pop("continue_target")
        halting.setdefault("rule", rules.get(target, target))


def _no_grad_matmul(values: Values) -> None:
    """train.products_without_gradient became train.no_grad_matmul in version 2."""
    train = values.get("train")
    if isinstance(train, dict) and "products_without_gradient" in train:
        train.setdefault("no_grad_matmul", train.pop("products_without_gradient"))


def _both_weights(values: Values) -> None:
    """The weights that are evaluated became a list in commit 60e6bd6."""
    if isinstance(values.get("weights"), str):
        values["weights"] = [values["weights"]]


# (version, model, change of the values in place): for records of an earlier version, in this order, before CAME.
CHANGES: list[tuple[int, type[Params], Callable[[Values], None]]] = [
    (1, RunParams, _halting_rule),
    (1, EvaluationParams, _both_weights),
    (2, RunParams, _no_grad_matmul),
]


def came(model: type[Params]) -> Mapping[str, Any]:
    """What was true before a key came; a family of tasks says it itself (`DataParams.came`)."""
    return model.came if issubclass(model, DataParams) else CAME[model]


def recorded(model: type[P], values: Any, schema: Any, source: str) -> P:
    """Parameters as today's schema has them.

    Args:
        model: what they are of.
        values: as the record holds them; they stay as they are.
        schema: the record's version, None where it has none.
        source: the file, for messages.

    Raises:
        DataError: the record is of a later version, or holds no parameters.
        ParameterError: a key is missing, unknown or wrong.
    """
    version = 0 if schema is None else schema
    if not isinstance(version, int) or not 0 <= version <= SCHEMA:
        raise DataError(f"{source}: schema is {schema!r}; this hrm reads records of versions 0 to {SCHEMA}")
    if not isinstance(values, Mapping):
        raise DataError(f"{source}: params is {values!r}; it must be a mapping")
    known = deepcopy(dict(values))
    for since, kind, change in CHANGES:
        if kind is model and version < since:
            change(known)
    for key, value in came(model).items():
        _fill(known, key.split("."), value)
    return parse_value(model, known, source)


def read_recorded(model: type[P], path: Path) -> P:
    """The parameters of a record; those of `states.json` are of no runs.

    Raises:
        DataError: the file is missing, broken or no record.
        ParameterError: as `recorded` does.
    """
    record = read_json(path)
    if not isinstance(record, dict) or not isinstance(record.get("params"), dict):
        raise DataError(f"{path}: lacks the key params")
    values = record["params"]
    if model is StatesParams:  # which runs there are is the pipeline's business, and not written down
        values = {"runs": {}, **values}
    return recorded(model, values, record.get("schema"), str(path))


def read_recorded_data(path: Path) -> DataParams:
    """The parameters that a data set was made or imported by, from its dataset.json.

    Raises:
        DataError: the file is missing, broken, or of a data set that no parameters describe (`hrm import-puzzles`).
        ParameterError: as `recorded` does.
    """
    info = read_json(path)
    made = info.get("generator") if isinstance(info, dict) else None
    family = made.get("family") if isinstance(made, dict) else None
    known = discovery.families()
    if not isinstance(made, dict) or not isinstance(family, str) or family not in known:
        raise DataError(f"{path}: generator.family is {family!r}; allowed are {', '.join(known)}")
    values = {key: value for key, value in made.items() if key != "imported"}  # the hashes of what was imported
    return recorded(family_params(family), values, None, str(path))  # equal data are equal files: without a version


def _fill(values: Values, keys: list[str], value: Any) -> None:
    """Set what is absent; what stands in the way is left for the schema to refuse."""
    for key in keys[:-1]:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            return
    values.setdefault(keys[-1], deepcopy(value))
