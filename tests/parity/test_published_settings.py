"""Settings at scale `paper` against the commands and configuration files of the released code, written out here."""

import pytest

from helpers import PARAMS
from hrm.core.schema import run_params

# cfg_pretrain.yaml and arch/hrm_v1.yaml of the HRM code, then what its README's command for a task changes.
HRM = {
    "model.hidden_size": 512,
    "model.heads": 8,
    "model.high_layers": 4,
    "model.low_layers": 4,
    "model.expansion": 4.0,
    "model.high_cycles": 2,
    "model.low_cycles": 2,
    "model.puzzle_embedding_size": 512,
    "model.positions": "rope",
    "halting.rule": "q_learning",
    "halting.max_segments": 16,
    "halting.exploration": 0.1,
    "halting.loss_weight": 0.5,
    "optimizer.name": "adam_atan2",
    "optimizer.beta1": 0.9,
    "optimizer.beta2": 0.95,
    "optimizer.learning_rate": 1.0e-4,
    "optimizer.warmup_steps": 2000,
    "optimizer.minimum_ratio": 1.0,
    "optimizer.weight_decay": 0.1,
    "optimizer.puzzle_learning_rate": 1.0e-2,
    "optimizer.puzzle_weight_decay": 0.1,
    "train.batch_size": 768,
    "train.loss": "stablemax",
    "train.dtype": "bfloat16",
}
GRIDS = {"optimizer.weight_decay": 1.0, "optimizer.puzzle_weight_decay": 1.0, "optimizer.puzzle_learning_rate": 1.0e-4}
FULL = {
    "train.batch_size": 2304,
    "train.loss": "softmax",
    "optimizer.learning_rate": 3.0e-4,
    "optimizer.puzzle_learning_rate": 3.0e-4,
    "optimizer.schedule": "cosine",
    "optimizer.minimum_ratio": 0.1,
    "model.low_cycles": 8,
    "model.positions": "learned",
    "halting.max_segments": 8,
    "train.steps": 100 * 3_831_994 // 2304,
}
THOUSAND = {"train.steps": 20_000 * 1000 // 768}
CASES = {
    ("sudoku", "hrm"): HRM | GRIDS | THOUSAND,
    ("maze_hard", "hrm"): HRM | GRIDS | THOUSAND,
    ("sudoku_full", "hrm"): HRM | FULL,
    ("arc_agi_1", "hrm"): HRM,
    ("arc_agi_2", "hrm"): HRM,
}


@pytest.mark.parametrize(("task", "variant"), CASES)
def test_settings_are_those_of_the_released_command(task, variant):
    found = run_params(PARAMS, "paper", task, variant, []).model_dump()
    wished = CASES[task, variant]
    assert {key: found[key.split(".")[0]][key.split(".")[1]] for key in wished} == wished


def test_the_full_set_at_scale_gpu_differs_in_length_and_batch_alone():
    gpu, paper = (run_params(PARAMS, scale, "sudoku_full", "hrm", []) for scale in ("gpu", "paper"))
    assert (gpu.model, gpu.optimizer, gpu.halting) == (paper.model, paper.optimizer, paper.halting)
