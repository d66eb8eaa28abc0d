"""Protocols are compared with what a run recorded, whatever the parameters say today."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from claims_doubles import records_of
from evaluation_doubles import PARAMS

from hrm.core.errors import DataError, HrmError
from hrm.core.params import parse_value
from hrm.core.schema import RunParams, run_params
from hrm.report.claims_file import ProtocolParams
from hrm.report.differences import protocol_differences
from hrm.report.run_records import Records, RunRecord, read_records

ANSWER = "sudoku/hrm/exact_accuracy"
PUBLISHED: dict[str, Any] = {
    "text": "as published",
    "published_data": True,
    "grid": [9, 9],
    "train_puzzles": 1000,
    "test_puzzles": 422786,
    "settings": [],
    "weights": None,
}


def protocol(**changes: Any) -> ProtocolParams:
    return parse_value(ProtocolParams, PUBLISHED | changes, "the test")


def recorded(*runs: RunParams, params: Path = PARAMS) -> Records:
    found = [RunRecord(seed, run) for seed, run in enumerate(runs)]
    return Records({("sudoku", "hrm"): found}, records_of(params, "gpu", []).data)


def differences(records: Records, root: Path = PARAMS, **changes: Any) -> list[str]:
    return protocol_differences(protocol(**changes), root, records, ANSWER, ANSWER, {}, "raw")


def run(*changes: str, params: Path = PARAMS) -> RunParams:
    return run_params(params, "gpu", "sudoku", "hrm", list(changes))


def test_a_parameter_that_is_edited_after_the_run_changes_nothing_beside_the_verdict(tmp_path: Path) -> None:
    params = Path(shutil.copytree(PARAMS, tmp_path / "params"))
    records = recorded(run(params=params), params=params)
    before = differences(records, params)
    assert any(line.startswith("train.steps 14500 instead of") for line in before)
    (params / "scales/gpu/train/sudoku.yaml").write_text("train: {steps: 7, batch_size: 5}\nmodel: {heads: 4}\n")
    (params / "scales/gpu/data/sudoku.yaml").write_text("box_height: 2\nbox_width: 2\n")
    (params / "evaluation.yaml").unlink()
    assert differences(records, params) == before


def test_what_the_run_recorded_is_told(tmp_path: Path) -> None:
    lines = differences(recorded(run("optimizer.learning_rate=5.0e-5", "model.pointer.period=9")))
    assert "optimizer.learning_rate 5e-05 instead of 0.0001" in lines
    assert "model.pointer.period 9 instead of 4" in lines
    assert not any("threads" in line for line in differences(recorded(run("train.threads=7"))))


def test_seeds_that_were_not_trained_alike_are_told_apart() -> None:
    records = recorded(run(), run("train.batch_size=96"), run())
    assert "train.batch_size 768 (seed 0, 2) and 96 (seed 1) instead of 768" in differences(records)
    assert "train.batch_size differs between seeds: 768 (seed 0, 2) and 96 (seed 1)" in differences(
        records, settings=None
    )
    assert not any("seed" in line for line in differences(recorded(run(), run()), settings=None))
    wrong = recorded(run("train.batch_size=96"), run("train.batch_size=96"))
    assert "train.batch_size 96 instead of 768" in differences(wrong)


def test_a_result_without_a_record_is_no_result() -> None:
    with pytest.raises(DataError, match=r"no provenance\.json of sudoku/hrm was given"):
        differences(Records({}, recorded().data))
    with pytest.raises(DataError, match=r"no dataset\.json of sudoku was given"):
        differences(Records(recorded(run()).runs, {}))


def test_records_are_read_from_the_folder_of_the_run(tmp_path: Path) -> None:
    written = run("train.steps=5").model_dump()
    for seed in (10, 9):
        folder = tmp_path / f"sudoku/hrm/seed{seed}"
        folder.mkdir(parents=True)
        (folder / "provenance.json").write_text(json.dumps({"schema": 1, "params": written}))
    found = read_records(sorted(tmp_path.rglob("provenance.json")), [])
    runs = found.of_runs("sudoku", "hrm")
    assert [record.seed for record in runs] == [9, 10]
    assert {record.params.train.steps for record in runs} == {5}
    (tmp_path / "sudoku/hrm/seed9/provenance.json").write_text(json.dumps({"schema": 99, "params": written}))
    with pytest.raises(HrmError, match="schema is 99"):
        read_records(sorted(tmp_path.rglob("provenance.json")), [])


def test_the_reference_is_compared_by_its_own_records() -> None:
    folder = PARAMS.parent / "results/reference"
    found = read_records(sorted(folder.glob("*/*/seed*/provenance.json")), sorted(folder.glob("*/dataset.json")))
    (first,) = (record for record in found.of_runs("sudoku", "hrm_halt_loss") if record.seed == 0)
    assert first.params.halting.rule == "halting_loss"
    answer = "sudoku/hrm_halt_loss/exact_accuracy"
    lines = protocol_differences(protocol(), PARAMS, found, answer, ANSWER, {}, "raw")
    assert "halting.rule halting_loss instead of q_learning" in lines
    assert "variant hrm_halt_loss instead of hrm" in lines
