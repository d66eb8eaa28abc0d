"""Shards of generated candidates: a range of them a file, with what they were made of; together they are the whole."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from hrm.core.errors import DataError, ParameterError
from hrm.core.files import atomic_path

Arrays = dict[str, NDArray[Any]]


class ShardFacts(NamedTuple):
    """What a shard file says about itself."""

    fingerprint: str  # of the parameters
    start: int
    stop: int
    total: int


def shard_range(shard: int, shards: int, total: int) -> tuple[int, int]:
    """The candidates start to stop - 1 that belong to a shard; ParameterError when there is no such shard."""
    if shards < 1 or not 0 <= shard < shards:
        raise ParameterError(f"--shard is {shard} of --shards {shards}; allowed are 0 to shards - 1")
    return total * shard // shards, total * (shard + 1) // shards


def save_shard(path: str | Path, arrays: Arrays, facts: ShardFacts) -> None:
    """Write the candidates of one shard."""
    # One entry only: safetensors writes several in random order, and equal shards must be equal files.
    metadata = {"shard": json.dumps(facts._asdict(), sort_keys=True)}
    with atomic_path(path) as temporary:
        save_file({key: np.ascontiguousarray(array) for key, array in arrays.items()}, temporary, metadata=metadata)


def load_shards(paths: Sequence[str | Path], fingerprint: str, total: int) -> Arrays:
    """All candidates in order, from shard files in any order.

    DataError when a shard is broken, comes from other parameters, or when the shards leave a gap or overlap.
    """
    shards = sorted(((*_load_shard(path), str(path)) for path in paths), key=lambda shard: (shard[0].start, shard[2]))
    at = 0
    for facts, _, path in shards:
        if facts.fingerprint != fingerprint:
            found = facts.fingerprint
            raise DataError(f"{path}: was made from other parameters ({found}, not {fingerprint}); generate it again")
        if facts.total != total or facts.start != at:
            problem = (
                "overlaps another shard" if facts.start < at else f"candidates {at} to {facts.start - 1} are missing"
            )
            raise DataError(f"{path}: holds candidates {facts.start} to {facts.stop - 1} of {facts.total}; {problem}")
        at = facts.stop
    if at != total:
        raise DataError(f"{shards[-1][2] if shards else '--merge'}: candidates {at} to {total - 1} are missing")
    return {key: np.concatenate([arrays[key] for _, arrays, _ in shards]) for key in shards[0][1]}


def _load_shard(path: str | Path) -> tuple[ShardFacts, Arrays]:
    if not Path(path).is_file():
        raise DataError(f"{path}: is missing")
    try:
        with safe_open(path, framework="numpy") as file:
            facts = ShardFacts(**json.loads(file.metadata()["shard"]))
            return facts, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError, TypeError, KeyError, ValueError) as error:
        raise DataError(f"{path}: is not a whole shard file ({error})") from error
