"""The command `hrm`: one sub-command a rule of the pipeline; bad input is one line and exit code 2."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from hrm.core.errors import HrmError

COMMANDS = {
    "generate": "make a data set, or one shard of it, or merge shards",
    "fetch": "fetch published data from a mirror, the cache or the network, and check their hashes",
    "import-puzzles": "read Sudoku puzzles from a text or CSV file into a data set",
    "import-dataset": "read a data set in the published format",
    "export-dataset": "write a data set in the published format, augmentations included",
    "import-checkpoint": "read a checkpoint of the published code into a model file",
    "train": "train one variant with one seed; resumes if it was interrupted",
    "evaluate": "measure a trained model on the test split",
    "analyse": "measure what networks do inside, and what it costs",
    "summarise": "bring the metrics of several seeds together, with intervals",
    "aggregate": "bring the rows of a study together by what they differ in",
    "compare": "bring variants side by side, beside what was published",
    "claims": "judge the published claims by our results",
    "render": "draw a figure from tables",
    "publish": "copy tables and figures to their plain names, and write the page",
    "runs": "list the runs of the pipeline, and the folder of each",
    "clean": "remove the results that no parameter of today leads to",
    "show": "draw some examples of a data set: a contact sheet, and a page to look through",
    "bench": "time a fast path beside its reference, and print the ratio",
    "doctor": "say what this machine has, and whether the parameters are in order",
    "serve": "import once for many commands, each of which then starts at once",
}


class Parser(argparse.ArgumentParser):
    """argparse, but an error is one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Print `message` as one line and exit with code 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a sub-command; returns the exit code. As a process of its own it asks a server first, where there is one."""
    if argv is None and os.environ.get("HRM_WARM") and sys.platform == "linux":
        from hrm.warm.client import run_warm

        if (code := run_warm()) is not None:
            return code
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = Parser(prog="hrm", description="Rebuilds the Hierarchical Reasoning Model paper, step by step.")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below; each has --help")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "commands:\n" + "\n".join(f"  {name:<18} {text}" for name, text in COMMANDS.items())
    name = parser.parse_args(arguments[:1] or ["--help"]).command
    module = importlib.import_module(f"hrm.commands.{name.replace('-', '_')}")
    sub = Parser(prog=f"hrm {name}", description=f"{COMMANDS[name][0].upper()}{COMMANDS[name][1:]}.")
    module.add_arguments(sub)
    try:
        rest, key = split_key(arguments[1:])
        parsed = sub.parse_args(rest)
        if key is not None:
            use_key(key)
        code = module.run(parsed) or 0
    except HrmError as error:
        from hrm.core.processes import first_to_fail

        if first_to_fail():
            print(f"hrm {name}: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"hrm {name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141
    return code


def split_key(arguments: list[str]) -> tuple[list[str], str | None]:
    """The arguments without `--key KEY`, by which the pipeline tells any command which of its jobs it is."""
    if "--key" not in arguments[:-1]:
        return arguments, None
    place = arguments.index("--key")
    return arguments[:place] + arguments[place + 2 :], arguments[place + 1]


def use_key(key: str) -> None:
    """Check that parameters and sources still make this key, and let what is recorded carry it."""
    from hrm.core.provenance import KEY_VARIABLE
    from hrm.snapshot import check_key

    check_key(key)
    os.environ[KEY_VARIABLE] = key


if __name__ == "__main__":
    sys.exit(main())
