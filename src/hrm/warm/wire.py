"""How client and server talk: one request with the client's streams, one word each way, one exit status.

    client -> server   request: length, JSON, and the descriptors of stdin, stdout, stderr and the current folder
    server -> client   READY, or the connection is closed: the client then runs the command itself
    client -> server   GO; from then on each byte is the number of a signal for the command
    server -> client   the status of the command as `os.wait` gives it; without one it was killed

Nothing runs before GO, so that a command never runs twice, however slow the server is.
"""

import json
import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VARIABLE = "HRM_WARM"  # the environment variable that holds the path of the socket
READY, GO = b"+", b"\0"
LENGTH, STATUS = struct.Struct("!I"), struct.Struct("!i")
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid of the other side, see unix(7)
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
HANDSHAKE_SECONDS = 5.0
LONGEST_NAME = 64


@contextmanager
def address(path: Path) -> Iterator[str]:
    """A name for the socket that fits into the 107 bytes of a socket's address, however long the path is."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def is_own(connection: socket.socket) -> bool:
    """Whether the other side belongs to the same user."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return bool(CREDENTIALS.unpack(found)[1] == os.geteuid())


def send_request(connection: socket.socket, request: dict[str, Any], descriptors: list[int]) -> None:
    """Send all of it; OSError when the other side is gone or too slow."""
    body = json.dumps(request).encode()
    socket.send_fds(connection, [LENGTH.pack(len(body))], descriptors)
    connection.sendall(body)


def receive_request(connection: socket.socket, count: int) -> tuple[dict[str, Any], list[int]]:
    """The request and its `count` descriptors; OSError or ValueError when it is not whole."""
    head, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size, count)
    if len(head) != LENGTH.size or len(descriptors) != count:
        raise ValueError("not a request")
    return json.loads(receive(connection, LENGTH.unpack(head)[0])), descriptors


def receive(connection: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes; ConnectionError when the other side closes before."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError("the other side closed the connection")
        data += part
    return data
