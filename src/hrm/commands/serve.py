"""hrm serve: the imports of all commands, made once for many of them."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--socket", required=True, type=Path, help="where to listen, in a folder of this user alone")
    parser.epilog = (
        "A command that finds HRM_WARM=SOCKET in its environment runs in a fork of this process, which saves it the "
        "imports. Where that could make a difference (other sources, other environment), it runs as without a server. "
        "The server ends with the process that started it. The pipeline starts one by itself."
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve; in each forked command, run that command."""
    from hrm.warm.server import serve

    if not serve(arguments.socket):
        return 0
    import sys

    from hrm.cli import main
    from hrm.warm.command import ended_with

    return ended_with(main(sys.argv[1:]))
