"""`compiled`: numba's njit with an on-disk cache that is dropped when any file of the function's folder changes.

numba looks for changes only in the file of the function itself; a compiled function that calls another one of another
file would go on with the old callee. So the cache folder carries the hash of all sources of the function's folder, of
this file and of splitmix.py; compiled functions call none of other folders.
"""

import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])


@functools.cache
def _cache_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in [*sorted(folder.glob("*.py")), Path(__file__), Path(__file__).with_name("splitmix.py")]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    beside = folder / "__pycache__"
    writable = os.access(beside if beside.exists() else beside.parent, os.W_OK)
    base = Path(os.environ.get("NUMBA_CACHE_DIR") or (beside if writable else Path.home() / ".cache" / "hrm"))
    return str(base / f"numba-{digest.hexdigest()[:12]}")


def compiled(function: F) -> F:
    """Compile `function` to machine code at its first call and keep the code on disk; it runs without the GIL."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _cache_folder(Path(function.__code__.co_filename).parent)
    try:
        wrapped: F = numba.njit(cache=True, nogil=True)(function)
    finally:
        numba.config.CACHE_DIR = before
    return wrapped


def _lowest_bit(typing_context: Any, word: Any) -> Any:
    """Index of the lowest set bit of a non-zero int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], context.get_constant(types.boolean, True))

    return types.int64(types.int64), generate


def _count_bits(typing_context: Any, word: Any) -> Any:
    """Number of set bits of an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


lowest_bit: Callable[[int], int] = intrinsic(_lowest_bit)
count_bits: Callable[[int], int] = intrinsic(_count_bits)
