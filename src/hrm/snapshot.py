"""Whether sources and parameters are still those by which the pipeline named the folders of its jobs.

Somebody may edit a file while the pipeline runs. A job that starts after that would run by the new file, and its
results would lie in the folder of the old one.
"""

import json
import os
from pathlib import Path

from hrm.core.errors import ParameterError
from hrm.core.files import read_json, write_text

VARIABLE = "HRM_SNAPSHOT"  # environment: the file that `take_snapshot` wrote, with an absolute path
SOURCES = Path(__file__).parent


def take_snapshot(params: Path, scale: str, path: Path) -> None:
    """Note the state of all files, and tell the processes that this one starts where the note is."""
    told = {"params": str(params.resolve()), "scale": scale, "files": _states(params.resolve())}
    write_text(path, json.dumps(told))
    os.environ[VARIABLE] = str(path.resolve())


def check_key(key: str) -> None:
    """Raise ParameterError when files changed since the snapshot, and the key is not among those of now."""
    told = os.environ.get(VARIABLE)
    if told is None or not Path(told).is_file():
        return
    snapshot = read_json(told)
    params, before = Path(snapshot["params"]), snapshot["files"]
    now = _states(params)
    if now == before:
        return
    from hrm.checks import check_all
    from hrm.core.recipe import Sources
    from hrm.jobs import Jobs

    jobs = Jobs(params, check_all(params, snapshot["scale"]), Sources()).all_jobs()
    if key in {job.key for job in jobs}:
        return
    changed = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
    raise ParameterError(
        f"{changed[0]} changed while the pipeline ran, and with it what job {key} is to do; start the pipeline again"
    )


def _states(params: Path) -> dict[str, list[int]]:
    found = {}
    for path in sorted([*SOURCES.rglob("*.py"), *params.rglob("*.yaml")]):
        state = path.stat()
        found[str(path)] = [state.st_mtime_ns, state.st_size]
    return found
