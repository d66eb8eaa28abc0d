"""What a player without skill gets under the same rules: a claim that such a player meets is no evidence.

The majority answer takes, for each token of the input, the label that stands most often in its place in the training
examples: empty cells of a Sudoku get one digit, passages of a maze stay passages. The other cells tell it nothing.
Walks through lattice mazes are taken by chance (hrm.data.lattice.rollout).
"""

import torch
from torch import Tensor, nn

from hrm.data.dataset import Split
from hrm.evaluation.segments import PADDING


class MajorityAnswer(nn.Module):
    """Answers each cell by its own token alone; the same after every segment, and never halts.

    Args:
        train: examples that are counted.
        vocabulary_size: number of tokens.
    """

    table: Tensor

    def __init__(self, train: Split, vocabulary_size: int) -> None:
        super().__init__()
        inputs, labels = (torch.from_numpy(tokens).long().flatten() for tokens in (train.inputs, train.labels))
        pairs = torch.bincount(inputs * vocabulary_size + labels, minlength=vocabulary_size**2)
        counts = pairs.view(vocabulary_size, vocabulary_size)
        counts[:, PADDING] = -1  # cells without a label are not judged
        self.register_buffer("table", counts.argmax(dim=1))  # of equal counts the smallest token

    def initial_carry(self, batch: int, device: torch.device) -> None:
        """There is nothing to carry."""

    def forward(self, carry: None, inputs: Tensor, puzzle_ids: Tensor) -> tuple[None, Tensor, Tensor]:
        """(batch, cells) -> logits (batch, cells, vocabulary) and (batch, 2) of halting."""
        logits = nn.functional.one_hot(self.table[inputs], len(self.table)).float()
        return carry, logits, torch.full((len(inputs), 2), -1.0, device=inputs.device)
