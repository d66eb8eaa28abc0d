"""From parameters to a network."""

import torch
from torch import nn

from hrm.core.schema import ModelParams
from hrm.models.architecture import find_architecture
from hrm.models.segment import SegmentModel, Shape

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


def build_model(
    params: ModelParams, dtype: str, vocabulary_size: int, cells: int, puzzle_ids: int, generator: torch.Generator
) -> SegmentModel:
    """The network that `params.architecture` names."""
    shape = Shape(vocabulary_size, cells, puzzle_ids)
    return find_architecture(params.architecture).network()(params, shape, DTYPES[dtype], generator)


def count_parameters(model: nn.Module) -> int:
    """Number of trainable parameters; the puzzle table and the initial states are buffers and do not count."""
    return sum(parameter.numel() for parameter in model.parameters())
