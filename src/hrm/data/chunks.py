"""Work on a range of candidates, chunk by chunk in threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Report = Callable[[int], object]  # is told how many candidates were made since the last call
R = TypeVar("R")


def in_chunks(
    make: Callable[[range], R], start: int, stop: int, size: int, workers: int, report: Report | None = None
) -> list[R]:
    """What `make` gives for each chunk of start to stop - 1, in order; the first error ends it all.

    Threads, not processes: the compiled functions run without the GIL.
    """

    def work(chunk: range) -> R:
        made = make(chunk)
        if report is not None:
            report(len(chunk))
        return made

    chunks = [range(at, min(at + size, stop)) for at in range(start, stop, size)]
    with ThreadPoolExecutor(workers) as pool:
        try:
            return list(pool.map(work, chunks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
