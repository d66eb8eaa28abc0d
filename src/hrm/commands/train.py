"""hrm train: one variant, one seed."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--task", required=True, help="name of a file in params/tasks")
    parser.add_argument("--variant", required=True, help="name of a file in params/variants")
    parser.add_argument("--scale", required=True, help="name of a folder in params/scales")
    parser.add_argument("--seed", required=True, type=int, help="of the weights, the order and the exploration")
    parser.add_argument("--data", required=True, type=Path, help="folder of the data set (hrm generate makes it)")
    parser.add_argument("--out", required=True, type=Path, help="folder for model, history and provenance")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--partial", type=Path, default=Path(".partial"), help="folder of resume states (.partial)")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in train.steps=100")


def run(arguments: argparse.Namespace) -> int:
    """Train, or go on with an interrupted training."""
    from hrm.core.errors import ParameterError
    from hrm.core.schema import run_params

    if arguments.seed < 0:
        raise ParameterError(f"--seed is {arguments.seed}; it must be 0 or more")
    params = run_params(arguments.params, arguments.scale, arguments.task, arguments.variant, arguments.set)
    from hrm.core.device import choose_device
    from hrm.data.dataset import load_dataset

    device = choose_device(arguments.device)
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

    train(params, facts, dataset, device, arguments.out, arguments.partial)
    return 0
