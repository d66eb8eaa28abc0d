"""Test doubles of the evaluation: a model that follows a script, and tiny files of the real kinds."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hrm.core.schema import HaltingParams, RunParams, run_params
from hrm.data.dataset import DatasetInfo, Split, save_dataset, single_examples
from hrm.evaluation.segments import Examples
from hrm.training.checkpoint import model_from_facts, save_tensors

EMPTY, HALTS_NEVER = 1, 99
OFFSET = 10  # keeps the tokens of the script apart from all others
CELLS = 4
PARAMS = Path(__file__).parents[2] / "params"


class ScriptedModel:
    """Answers 2 + position in empty cells from the segment on that cell 0 (minus OFFSET) names, 3 + position before.

    Cell 1 (minus OFFSET) is the segment from which on it wishes to halt. The carry counts the segments.
    """

    def __init__(self, vocabulary_size: int = 128) -> None:
        self.vocabulary_size = vocabulary_size
        self.batches: list[int] = []

    def initial_carry(self, batch: int, device: torch.device) -> int:
        self.batches.append(batch)
        return 0

    def __call__(self, carry: int, inputs: Tensor, puzzle_ids: Tensor) -> tuple[int, Tensor, Tensor]:
        segment = carry + 1
        solved = (inputs[:, 0] - OFFSET <= segment)[:, None]
        position = torch.arange(inputs.shape[1])[None]
        answer = torch.where(inputs == EMPTY, position + torch.where(solved, 2, 3), inputs)
        logits = torch.nn.functional.one_hot(answer, self.vocabulary_size).float()
        halt = torch.where(inputs[:, 1] - OFFSET <= segment, 2.0, -2.0)
        return segment, logits, torch.stack((halt, torch.zeros_like(halt)), dim=1)


def scripted_examples(solved_at: list[int], halts_at: list[int]) -> Examples:
    """Inputs and labels (examples, CELLS): two given cells that hold the script, two empty ones."""
    inputs = torch.full((len(solved_at), CELLS), EMPTY, dtype=torch.uint8)
    inputs[:, 0], inputs[:, 1] = torch.tensor(solved_at) + OFFSET, torch.tensor(halts_at) + OFFSET
    labels = inputs.clone()
    labels[:, 2:] = torch.tensor([4, 5])
    return Examples(inputs, labels, torch.zeros(len(inputs), dtype=torch.long))


def halting_params(max_segments: int, rule: str = "q_learning") -> HaltingParams:
    values = {
        "max_segments": max_segments,
        "exploration": 0.1,
        "loss_weight": 0.5,
        "rule": rule,
        "ponder_cost": 0.0,
        "judged_segments": 0,
    }
    return HaltingParams.model_validate(values)


def tiny_run_params(overrides: list[str]) -> RunParams:
    tiny = ["model.hidden_size=8", "model.heads=2", "model.mlp_multiple=8", "model.puzzle_embedding_size=8"]
    return run_params(PARAMS, "smoke", "sudoku", "hrm", [*tiny, "halting.max_segments=2", *overrides])


def write_tiny_dataset(folder: Path, test_examples: int, seed: int = 0) -> DatasetInfo:
    """A 4x4 data set of random tokens: the evaluation does not ask whether they are Sudokus."""
    generator = np.random.default_rng(seed)

    def split(examples: int) -> Split:
        labels = generator.integers(2, 6, (examples, 16), dtype=np.uint8)
        inputs = np.where(generator.random((examples, 16)) < 0.5, labels, 1).astype(np.uint8)
        return single_examples(inputs, labels, np.arange(examples, dtype=np.int32), np.zeros((examples, 0), np.int64))

    facts = {
        "task": "sudoku",
        "vocabulary_size": 6,
        "grid_shape": [4, 4],
        "puzzle_ids": 1,
        "seed": seed,
        "family": "sudoku",
    }
    box = {"box_height": 2, "box_width": 2}
    return save_dataset(
        folder, split(3), split(test_examples), {**facts, "generator": box, "statistics": {}, "group_names": {}}
    )


def write_tiny_model(path: Path, info: DatasetInfo) -> None:
    """An untrained model file; the two sets of weights differ."""
    params = tiny_run_params([])
    facts = {"task": info.task, "variant": "hrm", "scale": "smoke", "seed": 0, "step": 7, "data_sha256": info.sha256}
    facts |= {"vocabulary_size": info.vocabulary_size, "grid_shape": info.grid_shape, "puzzle_ids": info.puzzle_ids}
    model = model_from_facts(params, facts)
    buffers = dict(model.named_buffers())
    tensors = {f"buffer.{name}": buffers[name] for name in model.state_dict() if name in buffers}
    for name, weight in model.named_parameters():
        tensors |= {f"ema.{name}": weight, f"raw.{name}": weight + 0.5}
    save_tensors(path, tensors, {"kind": "model", **facts, "params": params.model_dump()})
