"""hrm doctor: what this machine has, whether the parameters are in order, and what is left of interrupted trainings."""

import argparse
import json
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--partial", type=Path, default=Path(".partial"), help="folder of resume states (.partial)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; exit code 2 when the parameters are not in order."""
    from hrm.checks import check_all

    pipeline = check_all(arguments.params)
    facts = machine() | {
        "parameters": f"{arguments.params} in order, scale {pipeline.scale}",
        "interrupted trainings": interrupted(arguments.partial),
    }
    if arguments.json:
        print(json.dumps(facts, indent=2, sort_keys=True))
        return 0
    for name, value in facts.items():
        shown = ", ".join(map(str, value)) or "none" if isinstance(value, list) else value
        print(f"{name:<22} {shown}")
    return 0


def machine() -> dict[str, Any]:
    """Versions, hardware and free disk."""
    import importlib.metadata
    import os
    import shutil

    import torch

    from hrm.core.provenance import git_state, versions

    tools = {}
    for name in ("snakemake", "dvc"):
        try:
            tools[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            tools[name] = "not installed (only the pipeline needs it)"
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        **versions(),
        **tools,
        "commit": git_state()["commit"] or "unknown (no git here)",
        "CPU cores": os.cpu_count(),
        "GPUs": gpus,
        "free disk": f"{shutil.disk_usage('.').free / 1e9:.0f} GB",
    }


def interrupted(folder: Path) -> list[str]:
    """Names of the resume states, with their step; a damaged one is named as such."""
    from safetensors import SafetensorError, safe_open

    found = []
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt") as file:
                found.append(f"{path.name} at step {json.loads((file.metadata() or {})['facts'])['step']}")
        except (SafetensorError, KeyError, ValueError):
            found.append(f"{path.name} (damaged; remove it)")
    return found
