"""What stands beside every result: commit, parameters, versions, hardware and time."""

import datetime
import hashlib
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from hrm.core.records import SCHEMA

KEY_VARIABLE = "HRM_KEY"  # environment: the key that a command was given with --key
PACKAGES = ("torch", "numpy", "numba", "pydantic", "safetensors")


def git_state(folder: Path | None = None) -> dict[str, Any]:
    """Commit of the checkout, and whether tracked files differ from it; None where there is no git.

    HRM_COMMIT goes before: a machine that got a copy of the tree has no .git, or one of another commit.
    """
    if told := os.environ.get("HRM_COMMIT"):
        return {"commit": told, "modified": None}

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=True, cwd=folder, timeout=30
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "params")
        return {"commit": git("rev-parse", "HEAD"), "modified": bool(changed)}
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "modified": None}


def source_hash() -> str:
    """Hash of the package's own source files."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def job_key() -> str | None:
    """The key of the pipeline's job that this process works on (hrm.core.recipe); None for a command by hand."""
    return os.environ.get(KEY_VARIABLE)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a number."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def provenance(**facts: Any) -> dict[str, Any]:
    """A JSON-able record of now: pass seed, params, hardware and seconds as keyword arguments.

    `schema` is the version by which `hrm.core.records` reads the params.
    """
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    known = {"finished": now, "git": git_state(), "source": source_hash(), "versions": versions(), "schema": SCHEMA}
    if key := job_key():
        known["key"] = key
    return {**known, **facts}
