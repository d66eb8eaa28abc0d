"""ARC-like tasks made by program: small, of any number, with demonstrations and test pairs."""

import hashlib

from hrm.core.errors import DataError
from hrm.core.seeds import numpy_generator
from hrm.data.arc.canonical import canonical_pair
from hrm.data.arc.collection import ArcTask, Pair
from hrm.data.arc.params import ProgramParams
from hrm.data.arc.rules import RULES

ATTEMPTS = 200  # pairs drawn for one task before the sizes asked for are called too small


def make_task(params: ProgramParams, seed: int, index: int) -> ArcTask:
    """Task `index`, from (seed, index) alone; rules take turns. Its part is that of training until it is chosen.

    No two of its pairs are equivalent, no output equals its input, and the first pairs are the demonstrations.
    DataError when the grids are too small for so many different pairs.
    """
    generator = numpy_generator(seed, "task made by program", index)
    name = params.rules[index % len(params.rules)]
    rule = RULES[name](generator, params.sides[0], params.sides[1])
    demonstrations, tests = (
        int(generator.integers(low, high + 1)) for low, high in (params.demonstrations, params.tests)
    )
    pairs: dict[bytes, Pair] = {}
    for _ in range(ATTEMPTS):
        pair = rule(generator)
        if pair.input.shape != pair.output.shape or (pair.input != pair.output).any():
            pairs.setdefault(canonical_pair(pair), pair)
        if len(pairs) == demonstrations + tests:
            break
    else:
        raise DataError(
            f"programs: {name} finds no {demonstrations + tests} different pairs with sides {params.sides}; raise sides"
        )
    chosen = list(pairs.values())
    mark = hashlib.sha256(b"".join(sorted(pairs))).hexdigest()[:8]
    return ArcTask(f"{name}_{mark}", "programs/training", chosen[:demonstrations], chosen[demonstrations:])
