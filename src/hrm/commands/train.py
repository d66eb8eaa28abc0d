"""hrm train: one variant, one seed."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--task", required=True, help="name of a file in params/tasks")
    parser.add_argument("--variant", required=True, help="name of a variant in params/experiments")
    parser.add_argument("--scale", required=True, help="name of a folder in params/scales")
    parser.add_argument("--seed", required=True, type=int, help="of the weights, the order and the exploration")
    parser.add_argument("--data", required=True, type=Path, help="folder of the data set (hrm generate makes it)")
    parser.add_argument("--out", required=True, type=Path, help="folder for model, history and provenance")
    parser.add_argument(
        "--start", type=Path, help="model file of the training that transfer.task and transfer.variant name"
    )
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--partial", type=Path, default=Path(".partial"), help="folder of resume states (.partial)")
    parser.add_argument(
        "--device",
        default="auto",
        help="auto (default), cpu, cuda or cuda:N; each of several processes takes the GPU of its number",
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="start N processes, one a GPU, as torchrun does; 0 and 1 start none (1)",
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in train.steps=100")


def run(arguments: argparse.Namespace) -> int:
    """Train, or go on with an interrupted training; as one of several processes if torchrun started it."""
    from hrm.core.errors import ParameterError
    from hrm.core.processes import launch, place
    from hrm.core.schema import run_params

    if arguments.seed < 0:
        raise ParameterError(f"--seed is {arguments.seed}; it must be 0 or more")
    if arguments.processes < 0:
        raise ParameterError(f"--processes is {arguments.processes}; it must be 0 or more")
    params = run_params(arguments.params, arguments.scale, arguments.task, arguments.variant, arguments.set)
    own = place()
    count = arguments.processes if own.size == 1 else own.size
    if count and params.train.batch_size % count:
        # Only then is the mean of the processes' means the mean of the batch.
        raise ParameterError(f"train.batch_size is {params.train.batch_size}; it must divide by the {count} processes")
    if count > own.size:
        return launch(count, ["train", *as_options(arguments)])
    from hrm.data.dataset import load_dataset
    from hrm.training.parallel import joined, own_device
    from hrm.training.transfer import read_start

    start = read_start(arguments.start, params, arguments.scale, arguments.seed)
    device = own_device(arguments.device, own)
    dataset = load_dataset(arguments.data)
    info = dataset.info
    if info.task != arguments.task:
        raise ParameterError(f"--data {arguments.data}: holds task {info.task}; --task is {arguments.task}")
    facts = {
        "task": arguments.task,
        "variant": arguments.variant,
        "scale": arguments.scale,
        "seed": arguments.seed,
        "grid_shape": info.grid_shape,
        "vocabulary_size": info.vocabulary_size,
        "puzzle_ids": info.puzzle_ids,
        "data_sha256": info.sha256,
        "data_info": info.model_dump(),
    }
    from hrm.training.loop import train

    if start is not None:
        facts["start"] = start.origin
    with joined(own, device) as group:
        train(params, facts, dataset, device, arguments.out, arguments.partial, group, start)
    return 0


def as_options(arguments: argparse.Namespace) -> list[str]:
    """The options that were parsed, for the processes to be started."""
    options = []
    for name, value in vars(arguments).items():
        for each in value if isinstance(value, list) else [] if value is None else [value]:
            options += [f"--{name}", str(each)]
    return options
