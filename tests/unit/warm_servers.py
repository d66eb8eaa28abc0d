"""Servers for tests: with the real imports, or with none and a command that does what a test asks for."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
CLIENT = "from hrm.cli import main; import sys; sys.exit(main())"

# In place of `hrm doctor`, in the server alone: so it shows where a command runs.
STAND_IN = """
import json, os, subprocess, sys, time, types
import hrm.cli, hrm.warm.server
from hrm.core.errors import ParameterError

def run(arguments):
    what = arguments.what
    if what == "report":
        facts = {"argv": sys.argv, "folder": os.getcwd(), "stdin": sys.stdin.read(), "umask": os.umask(0)}
        print(json.dumps(facts | {"environment": dict(os.environ)}))
        print("on stderr", file=sys.stderr)
    elif what == "refuse":
        raise ParameterError("a plain line")
    elif what == "crash":
        raise RuntimeError("a bug")
    elif what == "abort":
        os.abort()
    elif what == "mark":
        open("mark", "w").close()
    elif what == "wait":
        helper = subprocess.Popen(["sleep", "60"])
        print(os.getpid(), helper.pid, flush=True)
        while not os.path.exists("go"):
            time.sleep(0.02)
        helper.kill()
        return 7

def add_arguments(parser):
    parser.add_argument("what")

sys.modules["hrm.commands.doctor"] = types.SimpleNamespace(run=run, add_arguments=add_arguments)
hrm.warm.server.preload = lambda: None
sys.exit(hrm.cli.main(["serve", "--socket", sys.argv[1]]))
"""


@dataclass(frozen=True)
class Warm:
    """A server, and what its clients need."""

    socket: Path
    environment: dict[str, str]
    pid: int
    parent: subprocess.Popen

    def start(self, *command: str, **more: object) -> subprocess.Popen:
        """A client; `more` goes to Popen, where `environment` adds variables."""
        changed = more.pop("environment", {})
        settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        environment = self.environment | {"HRM_WARM": str(self.socket)} | changed
        return subprocess.Popen([sys.executable, "-c", CLIENT, *command], env=environment, **(settings | more))

    def run(self, *command: str, text: str | None = None, **more: object) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a client."""
        client = self.start(*command, **({"stdin": subprocess.PIPE} if text else {}), **more)
        out, err = client.communicate(text, timeout=60)
        return client.returncode, out, err

    def uses_it(self, **more: object) -> bool:
        """Whether a command runs in the server; the real `hrm doctor` takes no such word, and ends with code 2."""
        code, _, err = self.run("doctor", "report", **more)
        assert code == 0 or "unrecognized arguments: report" in err, err
        return code == 0

    def stop(self) -> None:
        if alive(self.pid):
            os.kill(self.pid, signal.SIGTERM)
        self.parent.kill()
        self.parent.communicate()


def start_server(socket: Path, environment: dict[str, str], *program: str) -> Warm:
    """Start a server as the child of a shell, which can be killed, and wait until it listens."""
    words = [sys.executable, *program, str(socket)]
    parent = subprocess.Popen(
        ["sh", "-c", '"$@" & echo $!; wait', "sh", *words], env=environment, stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline())
    until(lambda: socket.exists() or not alive(pid), 60)
    assert socket.exists()
    return Warm(socket, environment, pid, parent)


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid: int) -> list[str]:
    """The processes that a process has started and that are there, as zombies too."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def report_of(out: str) -> dict:
    return json.loads(out.splitlines()[0])
