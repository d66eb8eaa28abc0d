"""Small parameters and data sets for tests; the numbers mean nothing."""

from pathlib import Path

import numpy as np
import torch

from hrm.core.schema import RunParams, run_params
from hrm.data.dataset import Dataset, DatasetInfo, single_examples

torch.set_num_threads(1)  # tests run several at a time; threads that wait for each other cost more than they give
PARAMS = Path(__file__).parents[1] / "params"
TINY = [  # published optimizer, loss and first weights, whatever the smallest scale uses
    "optimizer.name=adam_atan2",
    "optimizer.learning_rate=2.0e-3",
    "optimizer.weight_decay=0.1",
    "optimizer.puzzle_learning_rate=2.0e-3",
    "optimizer.schedule=constant",
    "optimizer.minimum_ratio=1.0",
    "train.loss=stablemax",
    "model.initialisation=truncated_lecun",
    "model.hidden_size=16",
    "model.heads=2",
    "model.mlp_multiple=8",
    "model.puzzle_embedding_size=16",
    "model.positions=rope",
    "halting.max_segments=3",
    "halting.exploration=0.5",
    "optimizer.warmup_steps=2",
    "train.batch_size=8",
    "train.steps=12",
    "train.log_every=5",
    "train.save_every=4",
]


def tiny_run(*overrides: str, variant: str = "hrm") -> RunParams:
    return run_params(PARAMS, "smoke", "sudoku", variant, [*TINY, *overrides])


def tiny_dataset(examples: int = 12, puzzle_ids: int = 1) -> Dataset:
    """Grids of a Latin square with blanks: enough to train on, no claim to be Sudoku puzzles."""
    rng = np.random.default_rng(0)
    base = np.array([[1, 2, 3, 4], [3, 4, 1, 2], [2, 1, 4, 3], [4, 3, 2, 1]], dtype=np.uint8).ravel()
    labels = np.stack([rng.permutation(4).astype(np.uint8)[base - 1] + 2 for _ in range(examples)])
    inputs = np.where(rng.random(labels.shape) < 0.5, 1, labels).astype(np.uint8)
    codes = np.zeros((examples, 3), dtype=np.int64)
    split = single_examples(inputs, labels, np.zeros(examples, dtype=np.int32), codes)
    info = DatasetInfo(
        task="sudoku",
        family="sudoku",
        group_names={},
        vocabulary_size=6,
        grid_shape=[4, 4],
        puzzle_ids=puzzle_ids,
        train_examples=examples,
        test_examples=examples,
        seed=0,
        generator={"box_height": 2, "box_width": 2},
        statistics={},
        sha256={"train": "0" * 64, "test": "0" * 64},
    )
    return Dataset(info, split, split)


def facts_of(dataset: Dataset, seed: int = 0, variant: str = "hrm") -> dict:
    info = dataset.info
    return {
        "task": info.task,
        "variant": variant,
        "scale": "smoke",
        "seed": seed,
        "grid_shape": info.grid_shape,
        "vocabulary_size": info.vocabulary_size,
        "puzzle_ids": info.puzzle_ids,
        "data_sha256": info.sha256,
    }
