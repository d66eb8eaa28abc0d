"""`hrm serve`: a command in a fork of the server does what it does in a process of its own, and ends with it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from warm_servers import SOURCE, STAND_IN, alive, children, report_of, start_server, until

from helpers import PARAMS, TINY, tiny_dataset
from hrm.data.dataset import save_dataset
from hrm.warm import starter, wire
from hrm.warm.identity import identity

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hrm serve needs Linux")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the sources, which a test may edit."""
    return shutil.copytree(SOURCE, tmp_path_factory.mktemp("tree") / "src")


@pytest.fixture(scope="module")
def environment(tree):
    kept = {key: text for key, text in os.environ.items() if not key.startswith(("PYTEST", "HRM_"))}
    return kept | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture
def warm(tmp_path, environment):
    """A server without imports, at a path that is longer than a socket's address may be."""
    server = start_server(tmp_path / ("long" * 30) / "socket", environment, "-c", STAND_IN)
    yield server
    server.stop()


def test_a_training_gives_the_same_bytes_and_the_same_history(tmp_path, environment):
    made = tiny_dataset()
    facts = made.info.model_dump(exclude={"train_examples", "test_examples", "sha256"})
    save_dataset(tmp_path / "data", made.train, made.test, facts)
    (tmp_path / "warm").mkdir(mode=0o700)
    warm = start_server(tmp_path / "warm" / "socket", environment, "-m", "hrm.cli", "serve", "--socket")
    places = ["--data", str(tmp_path / "data"), "--params", str(PARAMS), "--partial", str(tmp_path / "partial")]
    command = ["train", "--task", "sudoku", "--variant", "hrm", "--scale", "smoke", "--seed", "3", *places]
    command += [word for pair in TINY for word in ("--set", pair)]
    said = {}
    try:
        assert re.search(r"^Threads:\s+1$", Path(f"/proc/{warm.pid}/status").read_text(), flags=re.M)
        for name, variable in (("own", {"HRM_WARM": ""}), ("forked", {})):
            code, out, err = warm.run(*command, "--out", str(tmp_path / name), environment=variable)
            said[name] = code, out, re.sub(r"[\d,]+ examples/s|\d+ s left", "", err)
    finally:
        warm.stop()
    assert said["own"][0] == 0
    assert said["own"] == said["forked"]
    model, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in said)
    assert model == other
    rows = [[line.split(",") for line in (tmp_path / name / "history.csv").read_text().splitlines()] for name in said]
    assert [[*row[:2], *row[3:]] for row in rows[0]] == [[*row[:2], *row[3:]] for row in rows[1]]  # but for seconds


def test_the_command_has_the_arguments_folder_environment_umask_and_streams_of_its_client(warm, tmp_path):
    code, out, err = warm.run("doctor", "report", text="in", cwd=tmp_path, umask=0o027, environment={"HRM_MIRROR": "m"})
    found = report_of(out)
    assert (code, err) == (0, "on stderr\n")
    assert [path.stat().st_mode & 0o777 for path in (warm.socket.parent, warm.socket)] == [0o700, 0o600]
    assert (found["argv"][1:], found["folder"], found["stdin"]) == (["doctor", "report"], str(tmp_path), "in")
    assert (found["umask"], found["environment"]) == (0o027, warm.environment | {"HRM_MIRROR": "m"})


def test_exit_codes_and_messages_pass_through(warm):
    assert warm.run("doctor", "refuse") == (2, "", "hrm doctor: a plain line\n")
    assert warm.run("doctor", "refuse", "more")[0] == 2
    assert warm.run("nonsense")[0] == 2
    code, _, err = warm.run("doctor", "crash")
    assert code == 1 and err.endswith("RuntimeError: a bug\n")
    assert warm.run("doctor", "abort")[0] == -signal.SIGABRT
    until(lambda: not children(warm.pid))


@pytest.mark.parametrize(
    ("number", "code", "helpers_end"),
    [(signal.SIGTERM, -signal.SIGTERM, False), (signal.SIGINT, 130, False), (signal.SIGKILL, -signal.SIGKILL, True)],
)
def test_a_signal_to_the_client_ends_the_command(warm, tmp_path, number, code, helpers_end):
    client = warm.start("doctor", "wait", cwd=tmp_path)
    command, helper = map(int, client.stdout.readline().split())
    assert alive(command) and command != client.pid
    client.send_signal(number)
    client.wait(10)
    assert client.returncode == code
    until(lambda: not alive(command))
    if helpers_end:
        until(lambda: not alive(helper))
    else:  # as without a server, the signal went to one process
        os.kill(helper, signal.SIGKILL)
    if number == signal.SIGINT:
        assert client.stderr.read() == "hrm doctor: interrupted\n"
    client.communicate()
    until(lambda: not children(warm.pid))
    assert alive(warm.pid)


@pytest.mark.parametrize("how", ["its parent is killed", "it gets SIGTERM"])
def test_the_server_ends_and_leaves_nothing_and_a_command_under_way_goes_on(warm, tmp_path, how):
    client = warm.start("doctor", "wait", cwd=tmp_path)
    client.stdout.readline()
    if how == "its parent is killed":
        warm.parent.kill()
        warm.parent.wait()
    else:
        os.kill(warm.pid, signal.SIGTERM)
    until(lambda: not alive(warm.pid))
    assert not warm.socket.parent.exists()
    assert not warm.uses_it()
    (tmp_path / "go").touch()
    client.communicate(timeout=10)
    assert client.returncode == 7


def test_a_server_of_other_sources_is_not_used(warm, tree):
    assert warm.uses_it()
    os.utime(tree / "hrm" / "models" / "layers.py")
    assert not warm.uses_it()


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "MPLCONFIGDIR", "SOMETHING_ELSE"])
def test_a_server_of_another_environment_is_not_used(warm, name):
    assert not warm.uses_it(environment={name: "7"})


def test_a_missing_or_dead_server_is_not_used(warm, tmp_path):
    assert not warm.uses_it(environment={"HRM_WARM": str(tmp_path / "none" / "socket")})
    assert not warm.uses_it(environment={"HRM_WARM": ""})
    with socket.socket(socket.AF_UNIX) as dead, wire.address(tmp_path / "dead") as name:
        dead.bind(name)
    assert not warm.uses_it(environment={"HRM_WARM": str(tmp_path / "dead")})


# A client in slow motion: it says a word of the test's choice once the server is ready.
SLOW_CLIENT = """
import os, socket, sys
from pathlib import Path
from hrm.warm import identity, wire
environment = dict(os.environ)
request = {"identity": identity.identity(environment), "argv": ["hrm", "doctor", "mark"], "umask": 18}
request |= {"path": sys.path, "environment": environment, "ignored": []}
connection = socket.socket(socket.AF_UNIX)
with wire.address(Path(sys.argv[1])) as name:
    connection.connect(name)
wire.send_request(connection, request, [0, 1, 2, os.open(".", os.O_RDONLY)])
assert connection.recv(1) == wire.READY
if sys.argv[2] == "go":
    connection.sendall(wire.GO)
    connection.recv(4)
"""


@pytest.mark.parametrize("word", ["go", "nothing"])
def test_nothing_runs_before_the_client_has_said_so(warm, tmp_path, word):
    command = [sys.executable, "-c", SLOW_CLIENT, str(warm.socket), word]
    subprocess.run(command, env=warm.environment, cwd=tmp_path, check=True)
    until(lambda: not children(warm.pid))
    assert (tmp_path / "mark").exists() == (word == "go")


def test_the_folder_of_the_socket_must_be_private(tmp_path, environment):
    (tmp_path / "open").mkdir(mode=0o755)
    command = [sys.executable, "-c", STAND_IN, str(tmp_path / "open" / "socket")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "its folder must be this user's alone" in done.stderr and len(done.stderr.splitlines()) == 1


def test_only_the_same_user_is_served(monkeypatch):
    left, right = socket.socketpair()
    with left, right:
        assert wire.is_own(left)
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert not wire.is_own(left)


def test_the_identity_survives_its_way_through_json():
    own = identity(dict(os.environ))
    assert json.loads(json.dumps(own)) == own


def test_the_prompt_of_an_activated_environment_makes_no_difference():
    # `activate` exports PS1, and a shell that is not interactive drops it: no job was served any more.
    own = dict(os.environ)
    assert identity(own | {"PS1": "(.venv) ", "COLUMNS": "200"}) == identity(own)
    assert identity(own | {"OMP_NUM_THREADS": "3"}) != identity(own)


def test_a_started_server_is_named_in_the_environment_until_it_is_stopped(tmp_path, monkeypatch):
    monkeypatch.delenv("HRM_WARM", raising=False)
    server = starter.start(tmp_path / "serve.log")
    path = Path(os.environ["HRM_WARM"])
    assert starter.start(tmp_path / "second.log") is None
    starter.stop(server)
    assert server.returncode is not None and "HRM_WARM" not in os.environ and not path.parent.exists()
    monkeypatch.setenv("HRM_WARM", "")
    assert starter.start(tmp_path / "third.log") is None
