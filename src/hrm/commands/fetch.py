"""`hrm fetch`: bring published data from a mirror, the cache or the network, and say what they are."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm fetch`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="sources of params/sources.yaml")
    parser.add_argument("--list", action="store_true", help="list all sources, and fetch none")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")


def run(arguments: argparse.Namespace) -> int:
    """Fetch each source; DataError and ParameterError say what is wrong."""
    from hrm.core.errors import ParameterError
    from hrm.core.source_schema import source_params, source_table
    from hrm.data.sources import find

    if arguments.list:
        for name, source in source_table(arguments.params).items():
            place = getattr(source, "repository", None) or getattr(source, "url", None) or f"package {name}"
            print(f"{name:<16} {source.kind:<8} {place}\n{'':<16} {source.licence}")
        return 0
    if not arguments.names:
        raise ParameterError("say which sources to fetch, or --list")
    for name in arguments.names:
        source = source_params(arguments.params, name)
        found = find(name, arguments.params)
        print(f"{name}: {found.folder} (from the {found.origin})")
        for file, sha256 in found.sha256.items():
            print(f"  {sha256}  {file}")
        print(f"  licence: {source.licence}\n  cite: {source.citation}")
    return 0
