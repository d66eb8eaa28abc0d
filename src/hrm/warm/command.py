"""The forked process of one command: how it begins as if it were the client's own, and how it ends."""

import atexit
import ctypes
import gc
import io
import os
import signal
import sys
import tempfile
from typing import Any

from hrm.warm.wire import SIGNALS

PR_SET_PDEATHSIG = 1  # of prctl(2): the signal that a process gets when its parent ends
_code: int | None = None  # what the command returned


def become(request: dict[str, Any], descriptors: list[int], keeper: int, set_by_imports: dict[str, str]) -> None:
    """Take over what the client's own process would have had, as if it had just started.

    `descriptors` are the client's streams and current folder, `keeper` is the process that kills this one if the
    client goes, `set_by_imports` the environment variables that the server's imports have set.
    """
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        os._exit(1)
    *streams, folder = descriptors
    os.fchdir(folder)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for descriptor in descriptors:
        os.close(descriptor)
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):
            output.reconfigure(line_buffering=output is sys.stderr or output.isatty())
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update({**request["environment"], **set_by_imports})
    sys.argv[:], sys.path[:] = request["argv"], request["path"]
    tempfile.tempdir = None
    import numpy

    numpy.random.seed()  # noqa: NPY002 - every command would draw the same, which no process of its own does
    for number in SIGNALS:
        usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN if number in request["ignored"] else usual)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    gc.enable()


def ended_with(code: int) -> int:
    """Note that the command returned `code`, so that nothing but the modules is left to take apart."""
    global _code
    _code = code
    return code


def leave_quickly() -> None:
    """Arrange that a process that calls `ended_with` does not take its modules apart, which would take 0.4 s.

    To be called before other modules are imported: what is registered first runs last, after the exit functions of
    all libraries.
    """
    atexit.register(_leave)


def _leave() -> None:
    if _code is None:
        return  # an exception or argparse ended it: the interpreter knows the code
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return
    os._exit(_code)
