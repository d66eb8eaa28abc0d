"""`hrm import-checkpoint`: a checkpoint of the published code as a model file that `hrm evaluate` measures."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm import-checkpoint`."""
    parser.add_argument("--file", required=True, type=Path, help="the checkpoint, a state dict of torch.save")
    parser.add_argument("--task", required=True, help="task that it was trained for: a file of params/tasks")
    parser.add_argument("--scale", default="paper", help="whose sizes it has (paper)")
    parser.add_argument("--variant", default="hrm", help="which variant it is (hrm)")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in model.positions=learned")
    parser.add_argument("--out", required=True, type=Path, help="the model file to write, model.safetensors")


def run(arguments: argparse.Namespace) -> int:
    """Read, check and write; CheckpointError says what does not fit."""
    from hrm.core.data_params import data_params
    from hrm.core.schema import run_params
    from hrm.interop.import_checkpoint import import_checkpoint

    params = run_params(arguments.params, arguments.scale, arguments.task, arguments.variant, arguments.set)
    data = data_params(arguments.params, arguments.scale, arguments.task, [])
    facts = {"task": arguments.task, "variant": arguments.variant, "scale": arguments.scale, "seed": 0}
    ids = import_checkpoint(arguments.file, params, data, facts, arguments.out)
    print(f"{arguments.out}: a model of {ids} puzzle ids; measure it with hrm evaluate")
    return 0
