"""hrm evaluate: one trained model on a test split."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--model", required=True, type=Path, help="model.safetensors (hrm train makes it)")
    parser.add_argument("--data", required=True, type=Path, help="folder of the data set (hrm generate makes it)")
    parser.add_argument("--out", required=True, type=Path, help="folder for metrics.json and the tables")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--weights", nargs="+", choices=("raw", "ema"), help="sets of weights (params decide)")
    parser.add_argument("--limit", type=int, help="only the first so many test examples (all)")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in batch_size=64")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, write the files, and print the accuracy of every player."""
    from hrm.core.errors import ParameterError
    from hrm.core.schema import evaluation_params

    if arguments.limit is not None and arguments.limit < 1:
        raise ParameterError(f"--limit is {arguments.limit}; it must be 1 or more")
    overrides = list(arguments.set)
    if arguments.weights is not None:
        overrides.append(f"weights=[{', '.join(arguments.weights)}]")
    params = evaluation_params(arguments.params, overrides)
    from hrm.core.device import choose_device

    device = choose_device(arguments.device)
    from hrm.evaluation.evaluate import evaluate

    players = evaluate(arguments.model, arguments.data, arguments.out, params, arguments.limit, device)
    for player, metrics in players.items():
        print(
            f"{player:>9}: exact accuracy {metrics['exact_accuracy']:.4f} "
            f"({metrics['exact_accuracy_low']:.4f} to {metrics['exact_accuracy_high']:.4f})"
            + (
                f"; pass@1 {metrics['arc_pass_at_1']:.4f}, pass@2 {metrics['arc_pass_at_2']:.4f} of the tasks, by the "
                f"share of their test inputs {metrics['arc_pass_at_2_inputs']:.4f}; {metrics['arc_votes']} votes"
                if "arc_votes" in metrics
                else ""
            )
        )
    first = players[params.weights[0]]
    print(f"{first['test_examples']} test examples, {first['judged_segments']} segments")
    return 0
