"""What a server and a client must have in common, so that a command does the same in either process.

Light on purpose: every `hrm` of the pipeline imports this before it knows whether there is a server.
"""

import os
import resource
import sys
from pathlib import Path
from typing import Any

import hrm

# What a forked command takes over from its client. Any other variable may have decided something while the server
# imported (threads, GPUs, caches, locale, fonts), so it must be the same for both.
TAKEN_OVER = {
    "_",
    "SHLVL",
    "PWD",
    "OLDPWD",
    "TMPDIR",
    "TMP",
    "TEMP",
    "TEMPDIR",
    "HRM_COMMIT",
    "HRM_MIRROR",
    "HRM_CACHE",
    # Of shells: an environment that is activated exports its prompt, which the shell of a job drops again.
    "PS1",
    "PS2",
    "PS4",
    "PROMPT_COMMAND",
    "COLUMNS",
    "LINES",
}
LIMITS = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_CORE", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_STACK")


def identity(environment: dict[str, str]) -> list[Any]:
    """JSON-able; equal in two processes where the same command gives the same result.

    It holds the interpreter with its options, the state of the package's sources and of the folders that imports come
    from, the user, the limits of the process, and the environment. About 2 ms.
    """
    return [
        [sys.executable, sys.version, list(sys.flags), sys._xoptions, sys.warnoptions],
        _sources(Path(hrm.__file__).parent),
        [[entry, _changed(entry)] for entry in sys.path[1:]],  # the first is the script's own folder
        [
            os.geteuid(),
            os.getegid(),
            os.getgroups(),
            os.getpriority(os.PRIO_PROCESS, 0),
            sorted(os.sched_getaffinity(0)),
        ],
        [list(resource.getrlimit(getattr(resource, name))) for name in LIMITS],
        sorted([name, value] for name, value in environment.items() if name not in TAKEN_OVER),
    ]


def _sources(folder: Path) -> list[Any]:
    """Path, time and size of every module of the package."""
    found = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            if name.endswith(".py"):
                state = Path(base, name).stat()
                found.append([f"{base}/{name}", state.st_mtime_ns, state.st_size])
    return found


def _changed(entry: str) -> int:
    """When something was last put into a folder of modules, or taken out."""
    try:
        return Path(entry).stat().st_mtime_ns
    except OSError:
        return 0
