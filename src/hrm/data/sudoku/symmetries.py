"""Sudoku symmetries as group elements: one int64 code each, applied to whole batches on any device.

The element (digits, rows, columns, transposed) makes of a board x the board

    y[i, j] = digits[x'[rows[i], columns[j]]]        x' = x, or x transposed

where `rows` keeps bands together and `columns` keeps stacks together. The code is the mixed-radix number of the
ranks of the four parts (hrm.data.sudoku.plan.radices); rank 0 is the identity. Boards with boxes that are not
square have no transposition.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hrm.data.permutations import permutations
from hrm.data.sudoku.layout import line_permutations
from hrm.data.sudoku.plan import IDENTITY, augmentation_plan, group_order, radices

__all__ = ["SudokuSymmetries", "augmentation_plan"]


class _Tables(NamedTuple):
    """What ranks mean, on one device."""

    tokens: Tensor  # (digits!, digits + 2) uint8: the new token of each token; pad and empty stay
    rows: Tensor  # (row orders, size) long: the old row of each new one
    columns: Tensor  # (column orders, size) long
    row_keys: Tensor  # (row orders,) long, ascending: each order read as one number
    column_keys: Tensor  # (column orders,) long


class _Parts(NamedTuple):
    """A batch of elements taken apart into ranks, each (batch,) long."""

    digits: Tensor
    rows: Tensor
    columns: Tensor
    transposed: Tensor


class SudokuSymmetries:
    """The group of symmetries of boards with boxes of box_height rows by box_width columns."""

    identity = IDENTITY

    def __init__(self, box_height: int, box_width: int) -> None:
        self.size = box_height * box_width
        self.order = group_order(box_height, box_width)
        self._shape = (box_height, box_width)
        self._radices = radices(box_height, box_width)
        self._tables: dict[torch.device, _Tables] = {}

    def random(self, generator: np.random.Generator, shape: int | tuple[int, ...]) -> NDArray[np.int64]:
        """Uniformly random codes."""
        return generator.integers(self.order, size=shape, dtype=np.int64)

    def apply(self, codes: Tensor, boards: Tensor) -> Tensor:
        """Boards (batch, cells) of digits, 0 for empty, under the elements `codes` (batch,); same type and device."""
        return self.apply_tokens(codes, boards + 1) - 1

    def apply_tokens(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Stored tokens (batch, cells), digit + 1, under `codes` (batch,): pad (0) and empty (1) stay.

        Only gathers and arithmetic: nothing waits for the device, and torch.compile takes it as one graph.
        """
        tables = self._on(tokens.device)
        parts = self._split(codes)
        rows = tables.rows[parts.rows].unsqueeze(2)  # (batch, size, 1)
        columns = tables.columns[parts.columns].unsqueeze(1)  # (batch, 1, size)
        turned = parts.transposed.view(-1, 1, 1)
        # A transposed board swaps which of the two numbers counts whole rows.
        row_stride, column_stride = self.size - (self.size - 1) * turned, 1 + (self.size - 1) * turned
        source = (rows * row_stride + columns * column_stride).flatten(1)
        moved = tokens.gather(1, source)
        return tables.tokens[parts.digits].gather(1, moved.long()).to(tokens.dtype)

    def compose(self, later: Tensor, earlier: Tensor) -> Tensor:
        """Codes (batch,) of the elements that apply `earlier`, then `later`."""
        tables = self._on(later.device)
        a, b = self._split(later), self._split(earlier)
        rows_a, columns_a = tables.rows[a.rows], tables.columns[a.columns]
        rows_b, columns_b = tables.rows[b.rows], tables.columns[b.columns]
        # Seen through a transposition, the earlier element's rows are columns.
        turned = a.transposed.bool().unsqueeze(1)
        rows = torch.where(turned, columns_b, rows_b).gather(1, rows_a)
        columns = torch.where(turned, rows_b, columns_b).gather(1, columns_a)
        names_a, names_b = tables.tokens[a.digits], tables.tokens[b.digits].long()
        digits = names_a.gather(1, names_b)[:, 2:]
        return self._join(tables, digits, rows, columns, a.transposed ^ b.transposed)

    def inverse(self, codes: Tensor) -> Tensor:
        """Codes (batch,) of the elements that undo `codes`."""
        tables = self._on(codes.device)
        parts = self._split(codes)
        rows, columns = tables.rows[parts.rows].argsort(1), tables.columns[parts.columns].argsort(1)
        turned = parts.transposed.bool().unsqueeze(1)
        digits = tables.tokens[parts.digits][:, 2:].argsort(1) + 2
        new_rows, new_columns = torch.where(turned, columns, rows), torch.where(turned, rows, columns)
        return self._join(tables, digits, new_rows, new_columns, parts.transposed)

    def _split(self, codes: Tensor) -> _Parts:
        _, rows, columns, transpositions = self._radices
        above = codes // transpositions
        return _Parts(above // columns // rows, above // columns % rows, above % columns, codes % transpositions)

    def _join(self, tables: _Tables, digits: Tensor, rows: Tensor, columns: Tensor, transposed: Tensor) -> Tensor:
        row_rank = torch.searchsorted(tables.row_keys, _keys(rows))
        column_rank = torch.searchsorted(tables.column_keys, _keys(columns))
        # Lehmer code: at each place, how many later entries are smaller, times the orders of the places behind.
        smaller = (digits.unsqueeze(1) < digits.unsqueeze(2)).triu(1).sum(2)
        weights = torch.tensor([math.factorial(self.size - 1 - i) for i in range(self.size)], device=digits.device)
        digit_rank = (smaller * weights).sum(1)
        _, row_count, column_count, transpositions = self._radices
        return ((digit_rank * row_count + row_rank) * column_count + column_rank) * transpositions + transposed

    def _on(self, device: torch.device) -> _Tables:
        if device not in self._tables:
            self._tables[device] = _Tables(*(table.to(device) for table in _tables(*self._shape)))
        return self._tables[device]


def _keys(orders: Tensor) -> Tensor:
    """Orders (batch, size) read as numbers, (batch,) long, so that lexicographic order is the order of the numbers."""
    size = orders.shape[1]
    weights = torch.tensor([size ** (size - 1 - i) for i in range(size)], device=orders.device)
    return (orders * weights).sum(1)


@functools.cache
def _tables(box_height: int, box_width: int) -> _Tables:
    size = box_height * box_width
    rows = torch.from_numpy(line_permutations(size // box_height, box_height).astype(np.int64))
    columns = torch.from_numpy(line_permutations(size // box_width, box_width).astype(np.int64))
    digits = permutations(size)
    fixed = np.broadcast_to(np.array([0, 1], dtype=np.uint8), (len(digits), 2))
    tokens = torch.from_numpy(np.concatenate([fixed, digits + np.uint8(2)], axis=1))
    return _Tables(tokens, rows, columns, _keys(rows), _keys(columns))
