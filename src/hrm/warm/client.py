"""The side of the `hrm` that was typed: hand the command to a server if there is a fitting one."""

import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from hrm.warm.identity import identity
from hrm.warm.wire import (
    GO,
    HANDSHAKE_SECONDS,
    READY,
    SIGNALS,
    STATUS,
    VARIABLE,
    address,
    is_own,
    receive,
    send_request,
)


def run_warm() -> int | None:
    """Run this process's command in the server that the environment names, and return its exit code.

    None when there is no server, or none that would do the same as this process: then it runs the command itself. A
    command that a signal ended ends this process by the same signal.
    """
    path = Path(os.environ.pop(VARIABLE))  # what this process starts has another environment, and asks in vain
    if sys.argv[1:2] == ["serve"]:
        return None
    try:
        connection = _accepted(path)
    except (OSError, ValueError):
        return None
    return None if connection is None else _follow(connection)


def _accepted(path: Path) -> socket.socket | None:
    """A connection to a server that is ready to run the command."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(HANDSHAKE_SECONDS)
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with address(path) as name:
            connection.connect(name)
        if is_own(connection):
            send_request(connection, _request(), [0, 1, 2, folder])
            if connection.recv(1) == READY:
                return connection
    except BaseException:
        connection.close()
        raise
    finally:
        os.close(folder)
    connection.close()
    return None


def _request() -> dict[str, object]:
    umask = os.umask(0o077)
    os.umask(umask)
    environment = dict(os.environ)
    return {
        "identity": identity(environment),
        "argv": sys.argv,
        "path": sys.path,
        "environment": environment,
        "umask": umask,
        "ignored": [number for number in SIGNALS if signal.getsignal(number) is signal.SIG_IGN],
    }


def _follow(connection: socket.socket) -> int:
    """Let the command run, pass signals on, and end as it ends."""

    def forward(number: int, _: FrameType | None) -> None:
        try:
            connection.send(bytes([number]))
        except OSError:
            return  # the command has ended; its status says the rest

    for number in SIGNALS:
        signal.signal(number, forward)
    connection.settimeout(None)
    try:
        connection.sendall(GO)
        code = os.waitstatus_to_exitcode(STATUS.unpack(receive(connection, STATUS.size))[0])
    except OSError:
        print("hrm: the process that ran the command was killed", file=sys.stderr, flush=True)
        code = -signal.SIGKILL
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code
