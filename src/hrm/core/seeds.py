"""Every stream of random numbers comes from (seed, purpose, index): no global state, no order of calls."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive_seed(seed: int, purpose: str, index: int = 0) -> int:
    """A 63-bit seed for one purpose, independent of every other (SHA-256 of the three values)."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{index}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def numpy_generator(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """A numpy generator for one purpose."""
    return np.random.default_rng(derive_seed(seed, purpose, index))


def torch_generator(seed: int, purpose: str, device: "torch.device | str" = "cpu", index: int = 0) -> "torch.Generator":
    """A torch generator on `device` for one purpose."""
    import torch

    return torch.Generator(device=device).manual_seed(derive_seed(seed, purpose, index))
