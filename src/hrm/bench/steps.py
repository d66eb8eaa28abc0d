"""Steps to time: ours as the trainer makes it, and the plain rewrite, both on random grids of a setting."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from hrm.bench.plain_step import Examples, PlainTrainer
from hrm.bench.schema import SettingParams
from hrm.core.schema import RunParams
from hrm.data.dataset import Dataset, DatasetInfo, single_examples
from hrm.training.trainer import Trainer

EXAMPLES = 1000  # as many puzzles as the published sets have


def our_step(params: RunParams, setting: SettingParams, device: torch.device) -> Callable[[], object]:
    """One step of the trainer a call; compiled on a CPU too, where the trainer does not do it by itself."""
    dataset = random_dataset(setting)
    trainer = Trainer(params, facts_of(setting), dataset, device)
    if params.train.compile and device.type == "cpu":
        trainer.segment = torch.compile(trainer.segment)
        trainer.update = torch.compile(trainer.update)
    return trainer.advance


def plain_step(
    params: RunParams, setting: SettingParams, device: torch.device, extra_forward: bool
) -> Callable[[], object]:
    """One step of the plain rewrite a call; it finds its examples on the device, ready augmented."""
    split = random_dataset(setting).train
    inputs, labels = (torch.from_numpy(cells).long().to(device) for cells in (split.inputs, split.labels))
    shape = (setting.vocabulary_size, inputs.shape[1], 1)
    trainer = PlainTrainer(params, shape, extra_forward, device, compiled=device.type == "cuda")
    ids = torch.zeros(params.train.batch_size, dtype=torch.long, device=device)
    rate, puzzle_rate = params.optimizer.learning_rate, params.optimizer.puzzle_learning_rate

    def step() -> object:
        rows = torch.randint(len(inputs), ids.shape, device=device)
        return trainer.step(Examples(inputs[rows], labels[rows], ids), rate, puzzle_rate)

    return step


def facts_of(setting: SettingParams) -> dict[str, Any]:
    """What a trainer asks for beside parameters and data."""
    return {"seed": 0, "grid_shape": setting.grid_shape, "vocabulary_size": setting.vocabulary_size, "puzzle_ids": 1}


def random_dataset(setting: SettingParams) -> Dataset:
    """Grids of random tokens: the time of a step does not depend on what they are."""
    cells = math.prod(setting.grid_shape)
    tokens = np.random.default_rng(0).integers(1, setting.vocabulary_size, (EXAMPLES, cells)).astype(np.uint8)
    ratings, codes = np.zeros(EXAMPLES, dtype=np.int32), np.zeros((EXAMPLES, 8), dtype=np.int64)
    split = single_examples(tokens, np.maximum(tokens, 2), ratings, codes)
    box = math.isqrt(setting.grid_shape[0])
    info = DatasetInfo(
        task=setting.family,
        family=setting.family,
        group_names={},
        seed=0,
        grid_shape=setting.grid_shape,
        vocabulary_size=setting.vocabulary_size,
        puzzle_ids=1,
        train_examples=EXAMPLES,
        test_examples=EXAMPLES,
        generator={"box_height": box, "box_width": box},  # of a Sudoku; other families do not look at it
        statistics={},
        sha256={},
    )
    return Dataset(info, split, split)
