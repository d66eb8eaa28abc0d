"""`hrm generate`: a data set all in one go, or one shard of its candidates, or the data set from all shards."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm generate`."""
    parser.add_argument("--task", required=True, help="which file of params/tasks")
    parser.add_argument("--scale", required=True, help="which folder of params/scales")
    parser.add_argument("--out", required=True, type=Path, help="folder of the data set; with --shard, a file")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in rating.mean=20.0")
    parser.add_argument("--workers", type=int, default=1, help="parallel threads (1); the result does not depend on it")
    parser.add_argument("--shards", type=int, help="into how many parts the candidates are divided")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--shard", type=int, help="make only this part, counted from 0")
    which.add_argument("--merge", nargs="+", type=Path, metavar="FILE", help="make the data set from these shard files")


def run(arguments: argparse.Namespace) -> int:
    """Make what was asked for; ParameterError and DataError say what is wrong."""
    from hrm.core.data_params import data_params
    from hrm.core.errors import ParameterError
    from hrm.core.files import fingerprint
    from hrm.core.progress import progress
    from hrm.data.shards import ShardFacts, load_shards, save_shard, shard_range
    from hrm.data.task import find_task

    if arguments.workers < 1:
        raise ParameterError(f"--workers is {arguments.workers}; it must be at least 1")
    if (arguments.shard is None) != (arguments.shards is None):
        raise ParameterError("--shard and --shards belong together, as in --shard 0 --shards 4")
    params = data_params(arguments.params, arguments.scale, arguments.task, arguments.set)
    task = find_task(params.family)
    total = task.candidate_count(params)
    mark = fingerprint(params.model_dump())
    if arguments.merge:
        candidates = load_shards(arguments.merge, mark, total)
    else:
        start, stop = (0, total) if arguments.shard is None else shard_range(arguments.shard, arguments.shards, total)
        with progress(f"{arguments.task} puzzles", "puzzle", stop - start) as bar:
            candidates = task.make_candidates(params, start, stop, arguments.workers, bar.update)
        if arguments.shard is not None:
            save_shard(arguments.out, candidates, ShardFacts(mark, start, stop, total))
            return 0
    info = task.write_dataset(arguments.out, params, candidates, arguments.workers)
    print(f"{arguments.out}: {info.train_examples} training and {info.test_examples} test examples")
    return 0
