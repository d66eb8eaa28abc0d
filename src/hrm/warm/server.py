"""The server: a process without threads that forks one process for each command.

For each client it forks a keeper, which takes the request and forks the command itself; the keeper passes signals on,
and kills the command when the client is gone. So the server waits for nobody, and a command lives as long as its
client, whatever becomes of the server.
"""

import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from hrm.core.errors import ProcessError
from hrm.warm.command import become, leave_quickly
from hrm.warm.identity import identity
from hrm.warm.preload import preload
from hrm.warm.wire import (
    GO,
    HANDSHAKE_SECONDS,
    LONGEST_NAME,
    READY,
    SIGNALS,
    STATUS,
    VARIABLE,
    address,
    is_own,
    receive_request,
)

POLL_SECONDS = 0.2  # how soon it notices that its parent has ended


def serve(path: Path) -> bool:
    """Serve at the socket `path` until SIGTERM, SIGINT, or the end of the process that started this one.

    Returns twice and more: False in this process at its end, True in each forked command, which has taken over its
    client's arguments, folder, environment, umask and streams, and is to run the command now.

    Raises ProcessError when the place of the socket cannot be used, or the process cannot be forked safely.
    """
    if sys.platform != "linux":
        raise ProcessError("hrm serve needs Linux: it names sockets and watches processes in ways of its own")
    parent = os.getppid()
    os.environ.pop(VARIABLE, None)
    before = dict(os.environ)
    own = identity(before)  # first: a source that changes while it is imported must not fit
    leave_quickly()
    preload()
    set_by_imports = {name: text for name, text in os.environ.items() if before.get(name) != text}
    stopped: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with _listening(path) as listener:
        while not stopped and os.getppid() == parent:
            if select.select([listener], [], [], POLL_SECONDS)[0]:
                connection, _ = listener.accept()
                with connection:
                    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until the command has its own handlers
                    if os.fork() == 0:
                        listener.close()
                        _keep(connection, own, set_by_imports)
                        return True
                    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            _reap()
    return False


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    """A socket at `path`, for this user alone, in a folder for this user alone; both go at the end if they are ours."""
    own = os.getpid()
    if len(os.fsencode(path.name)) > LONGEST_NAME:
        raise ProcessError(f"--socket {path}: its name may have {LONGEST_NAME} bytes")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made = not path.parent.exists()
    umask = os.umask(0o077)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        state = path.parent.stat()
        if state.st_uid != os.geteuid() or state.st_mode & 0o077:
            raise ProcessError(f"--socket {path}: its folder must be this user's alone (chmod 700)")
        with address(path) as name:
            listener.bind(name)
        path.chmod(0o600)
        listener.listen(64)
    except OSError as error:
        raise ProcessError(f"--socket {path}: {error.strerror}") from error
    finally:
        os.umask(umask)
    try:
        yield listener
    finally:
        if os.getpid() == own:
            listener.close()
            path.unlink(missing_ok=True)
            if made:
                path.parent.rmdir()


def _reap() -> None:
    """Take the exit status of the keepers that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _keep(connection: socket.socket, own: list[Any], set_by_imports: dict[str, str]) -> None:
    """Be the keeper of one client: ends the process, and returns in the command that it forks."""
    agreed = _agree(connection, own)
    if agreed is None:
        os._exit(0)
    request, descriptors = agreed
    keeper = os.getpid()
    command = os.fork()
    if command == 0:
        connection.close()
        become(request, descriptors, keeper, set_by_imports)
        return
    try:
        for descriptor in descriptors:
            os.close(descriptor)  # a pipe must not stay open longer than the command
        connection.sendall(STATUS.pack(_watch(connection, command)))
    except OSError:
        os._exit(1)
    os._exit(0)


def _agree(connection: socket.socket, own: list[Any]) -> tuple[dict[str, Any], list[int]] | None:
    """The request and its descriptors, if the client fits this server and has said GO."""
    try:
        connection.settimeout(HANDSHAKE_SECONDS)
        if not is_own(connection):
            return None
        request, descriptors = receive_request(connection, 4)
        if request["identity"] != own:
            return None
        connection.sendall(READY)
        if connection.recv(1) != GO:
            return None
        connection.settimeout(None)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return request, descriptors


def _watch(connection: socket.socket, command: int) -> int:
    """Pass signals to the command until it ends; kill it, and all that it started, if the client is gone."""
    os.setpgid(command, command)
    ended = os.pidfd_open(command)
    while ended not in select.select([ended, connection.fileno()], [], [])[0]:
        try:
            number = connection.recv(1)
        except ConnectionError:
            number = b""
        if number:
            os.kill(command, number[0])
        else:
            os.killpg(command, signal.SIGKILL)
            break
    return os.waitpid(command, 0)[1]
