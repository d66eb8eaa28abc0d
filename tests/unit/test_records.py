"""What was recorded yesterday is read today: each record of the repository, and the first schema of each kind."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from evaluation_doubles import PARAMS

from hrm.core import records
from hrm.core.analysis_schema import RoutingParams, StatesParams
from hrm.core.data_params import family_params
from hrm.core.discovery import architectures, families
from hrm.core.errors import DataError, HrmError, ParameterError
from hrm.core.params import Params
from hrm.core.provenance import provenance
from hrm.core.records import CAME, SCHEMA, came, read_recorded, read_recorded_data, recorded
from hrm.core.schema import EvaluationParams, ModelParams, RunParams, run_params
from hrm.data.arc.params import ArcParams
from hrm.data.lattice.params import LatticeParams
from hrm.data.maze.params import MazeParams
from hrm.data.sudoku.params import SudokuParams
from hrm.training.checkpoint import load_model, load_tensors, model_facts, model_from_facts, save_tensors

RESULTS = PARAMS.parent / "results"
KINDS: dict[str, type[Params]] = {
    "provenance.json": RunParams,
    "evaluation.json": EvaluationParams,
    "states.json": StatesParams,
    "routing.json": RoutingParams,
}

# The keys of the first schema of each kind, which never change: with CAME and CHANGES they make today's schema.
FIRST: dict[type[Params], str] = {
    RunParams: """
        model: {architecture: hrm, hidden_size: 512, heads: 8, high_layers: 4, low_layers: 4, expansion: 4.0,
          mlp_multiple: 256, high_cycles: 2, low_cycles: 2, positions: rope, rope_base: 10000.0, norm_epsilon: 1.0e-5,
          puzzle_embedding_size: 512}
        halting: {max_segments: 16, exploration: 0.1, continue_target: extra_forward, loss_weight: 0.5}
        optimizer: {learning_rate: 1.0e-4, weight_decay: 1.0, beta1: 0.9, beta2: 0.95, puzzle_learning_rate: 1.0e-4,
          puzzle_weight_decay: 1.0, warmup_steps: 2000, schedule: constant, minimum_ratio: 1.0, ema_decay: 0.999}
        train: {steps: 26041, batch_size: 768, loss: stablemax, dtype: bfloat16, compile: true, threads: 1,
          log_every: 50, save_every: 1000}
    """,
    EvaluationParams: """
        {checkpoint: last, weights: ema, segment_factor: 4, batch_size: 512, confidence: 0.95,
          rating_bins: [0, 1, 2, 5, 10, 20, 50, 100], threads: 1}
    """,
    StatesParams: """
        {runs: {}, examples: 100, batch_size: 50, least_steps: 60, puzzles: 3, trajectories: [2, 5, 10], resamples: 500}
    """,
    RoutingParams: "{runs: {}, examples: 100, batch_size: 50}",
    SudokuParams: """
        {task: sudoku, family: sudoku, seed: 1, box_height: 3, box_width: 3, train_puzzles: 1000, test_puzzles: 10000,
          spare: 0.02, clues: minimal, rating: {minimum: 5, mean: 84.0}, augmentations: 1000, include_original: true,
          search: {attempts: 1000, passes: 20, solutions: 150, guesses: 400, neighbours: 40, imbalance: 0}}
    """,
    MazeParams: """
        {task: boards, family: maze, seed: 3, source: generated, size: 20, walls: {rule: independent, probability: 0.3},
          path_longer_than: 0, train_mazes: 2000, test_mazes: 500, spare: 0.005, attempts: 1000000, dihedral: false}
    """,
    LatticeParams: """
        {task: lattice_mazes, family: lattice, seed: 4, size: 12, generator: gen_dfs, percolation: null,
          minimum_path_cells: 50, encoding: walls, train_mazes: 1000, test_mazes: 500, spare: 0.005, attempts: 100000}
    """,
    ArcParams: """
        {task: arc_agi_1, family: arc, seed: 11, parts: [arc_agi_1/training, arc_agi_1/evaluation, conceptarc],
          largest_grid: 30, augmentations: 1000, retries: 5, programs: null}
    """,
}
RENAMED = ["halting.rule"]  # by a function of CHANGES


def first(model: type[Params]) -> dict[str, Any]:
    values = yaml.safe_load(FIRST[model])
    assert isinstance(values, dict)
    return values


def leaves(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"


def keys(model: type[Params], before: str = "") -> Iterator[str]:
    """Dotted keys of a schema; a section that may be null or of several kinds counts as one."""
    for key, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Params):
            yield from keys(kind, f"{before}{key}.")
            sections = {name: kind.section(name) for name in architectures()} if issubclass(kind, ModelParams) else {}
            for name, section in sections.items():
                if section is not None:
                    yield from keys(section, f"{before}{key}.{name}.")
        else:
            yield f"{before}{key}"


@pytest.mark.parametrize("model", FIRST, ids=lambda model: model.__name__)
def test_whoever_adds_a_key_says_what_was_true_before(model: type[Params]) -> None:
    known = {*leaves(first(model)), *came(model), *(RENAMED if model is RunParams else ())}
    unsaid = [key for key in keys(model) if not any(f"{name}.".startswith(f"{key}.") for name in known)]
    assert not unsaid, f"hrm.core.records.CAME must say what was true before these came: {unsaid}"
    recorded(model, first(model), None, "the first schema")  # CAME names no key that went away


def test_every_kind_of_record_has_its_first_schema_here() -> None:
    assert {*CAME, *map(family_params, families())} == FIRST.keys()


@pytest.mark.parametrize("name", KINDS)
def test_every_record_of_the_repository_is_read(name: str) -> None:
    found = sorted(RESULTS.rglob(name))  # those of reference, and of what was run here
    assert found or name == "routing.json"
    problems = []
    for path in found:
        try:
            read_recorded(KINDS[name], path)
        except HrmError as error:
            problems.append(str(error))
    assert problems == []


def test_every_data_set_of_the_repository_is_read() -> None:
    found = sorted((RESULTS / "reference").glob("*/dataset.json"))
    assert {read_recorded_data(path).task for path in found} == {path.parent.name for path in found}
    assert len(found) >= 4


def test_the_first_training_of_the_reference_is_read_as_what_it_was() -> None:
    path = RESULTS / "reference/sudoku/hrm_halt_loss/seed0/provenance.json"
    record = json.loads(path.read_text())
    run = read_recorded(RunParams, path)
    assert run.halting.rule == "halting_loss"
    assert (run.model.mixing, run.optimizer.name, run.transfer.task) == ("attention", "adam_atan2", None)
    assert run.train.steps == record["params"]["train"]["steps"]


def test_what_a_record_says_is_never_replaced() -> None:
    values = run_params(PARAMS, "smoke", "sudoku", "trm", []).model_dump()
    before = deepcopy(values)
    assert recorded(RunParams, values, SCHEMA, "a record").model_dump() == before
    assert recorded(RunParams, values, None, "a record").model_dump() == before
    assert values == before


def test_changes_are_made_to_earlier_records_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def double(values: dict[str, Any]) -> None:
        values["train"]["steps"] *= 2

    monkeypatch.setattr(records, "SCHEMA", 3)
    monkeypatch.setattr(records, "CHANGES", [*records.CHANGES, (3, RunParams, double)])
    steps = [recorded(RunParams, first(RunParams), schema, "a record").train.steps for schema in (None, 0)]
    assert steps == [2 * 26041] * 2
    now = run_params(PARAMS, "smoke", "sudoku", "hrm", [])
    for schema, factor in ((1, 2), (2, 2), (3, 1)):
        assert recorded(RunParams, now.model_dump(), schema, "a record").train.steps == factor * now.train.steps


@pytest.mark.parametrize("schema", [SCHEMA + 1, -1, "1", 1.0])
def test_a_record_of_another_version_is_refused_in_one_line(schema: Any) -> None:
    with pytest.raises(DataError, match=rf"^here: schema is .*; this hrm reads records of versions 0 to {SCHEMA}$"):
        recorded(RunParams, first(RunParams), schema, "here")


def test_broken_records_are_refused_with_file_and_key(tmp_path: Path) -> None:
    path = tmp_path / "provenance.json"
    for written, words in (
        ([], "lacks the key params"),
        ({"params": None}, "lacks the key params"),
        ({"params": {}}, "key model.architecture is missing"),
        ({"params": {**first(RunParams), "model": 1}}, "model is 1; "),
        ({"params": {**first(RunParams), "extra": 1}}, "unknown key extra; allowed here are halting"),
        ({"params": {**first(RunParams), "halting": {"continue_target": "x"}}}, "halting"),
    ):
        path.write_text(json.dumps(written))
        with pytest.raises(HrmError) as caught:
            read_recorded(RunParams, path)
        assert str(caught.value).startswith(str(path))
        assert words in str(caught.value)
    data = tmp_path / "dataset.json"
    data.write_text(json.dumps({"generator": {"format": "lines"}}))
    with pytest.raises(DataError, match=r"generator\.family is None; allowed are arc, lattice, maze, sudoku"):
        read_recorded_data(data)
    data.write_text(json.dumps({"generator": {**first(SudokuParams), "imported": {"a.npy": "ab"}}}))
    assert read_recorded_data(data).described.startswith("puzzles of our generator")


def test_new_records_and_model_files_carry_the_version(tmp_path: Path) -> None:
    assert provenance(seed=0)["schema"] == SCHEMA
    params = run_params(PARAMS, "smoke", "sudoku", "hrm", [])
    save_tensors(tmp_path / "model.safetensors", {}, model_facts(params, {"step": 1}))
    _, facts = load_tensors(tmp_path / "model.safetensors")
    assert (facts["kind"], facts["schema"], facts["step"]) == ("model", SCHEMA, 1)
    assert recorded(RunParams, facts["params"], facts["schema"], "the file") == params


def test_a_model_file_of_the_first_schema_goes_the_same_way(tmp_path: Path) -> None:
    values = first(RunParams)
    values["model"] |= {"hidden_size": 8, "heads": 2, "high_layers": 1, "low_layers": 1, "puzzle_embedding_size": 0}
    values["train"] |= {"dtype": "float32"}
    values["halting"] |= {"continue_target": "none"}
    facts = {"seed": 0, "grid_shape": [2, 2], "vocabulary_size": 3, "puzzle_ids": 1}
    model = model_from_facts(recorded(RunParams, values, None, "here"), facts)
    tensors = {f"raw.{name}": tensor for name, tensor in model.state_dict().items()}
    save_tensors(tmp_path / "model.safetensors", tensors, {"kind": "model", **facts, "params": values})
    loaded = load_model(tmp_path / "model.safetensors", "raw", torch.device("cpu"), compile=False)
    assert loaded.params.halting.rule == "halting_loss"
    values["unheard_of"] = 1
    save_tensors(tmp_path / "model.safetensors", tensors, {"kind": "model", **facts, "params": values})
    with pytest.raises(ParameterError, match="unknown key unheard_of"):
        load_model(tmp_path / "model.safetensors", "raw", torch.device("cpu"), compile=False)


def test_the_key_of_matmuls_without_a_gradient_has_its_name_since_version_2() -> None:
    new = first(RunParams)
    new["halting"]["rule"] = new["halting"].pop("continue_target").replace("extra_forward", "q_learning")
    old = new | {"train": new["train"] | {"products_without_gradient": "fp8"}}
    for schema in (None, 1):
        assert recorded(RunParams, old, schema, "a record").train.no_grad_matmul == "fp8"
        assert recorded(RunParams, new, schema, "a record").train.no_grad_matmul == "dtype"
    with pytest.raises(ParameterError, match=r"unknown key train\.products_without_gradient"):
        recorded(RunParams, old, 2, "a record")
