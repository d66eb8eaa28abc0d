"""Start a server for the processes that this one will start, and end it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from hrm.warm.wire import VARIABLE

LIBRARIES = ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")


def start(log: Path) -> subprocess.Popen[bytes] | None:
    """Start a server whose commands compute in one thread unless they say otherwise, and tell the environment of it.

    Returns at once: a command that comes before the server is ready does without. None where there is no server to be
    had, or where the environment names one already; `HRM_WARM=` in it, with nothing behind, refuses one. The server
    ends with this process at the latest. What it says goes to `log`.
    """
    if sys.platform != "linux" or VARIABLE in os.environ:
        return None
    # As Snakemake tells the libraries in a job of one thread: a server that was told something else is not used.
    one_thread = {f"{library}_NUM_THREADS": "1" for library in LIBRARIES} | {"VECLIB_MAXIMUM_THREADS": "1"}
    # The server makes the folder, and takes it away again.
    path = Path(tempfile.gettempdir()) / f"hrm-{os.getpid()}-{os.urandom(4).hex()}" / "socket"
    try:
        log.parent.mkdir(exist_ok=True)
        with log.open("w") as said:
            server = subprocess.Popen(
                [sys.executable, "-m", "hrm.cli", "serve", "--socket", str(path)],
                env=os.environ | one_thread,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,  # Ctrl-C is for the commands, which get it from their clients
            )
    except OSError as error:
        print(f"commands start without a server: {error}", file=sys.stderr)
        return None
    os.environ[VARIABLE] = str(path)
    return server


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a server that `start` has started; a command that still runs in a fork of it goes on."""
    os.environ.pop(VARIABLE, None)
    server.terminate()
    server.wait()
