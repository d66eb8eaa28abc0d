"""Published data come in whole and as pinned, from network, mirror or cache, or not at all."""

import hashlib
import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from loopback_hub import COMMIT, Hub

from hrm.cli import main
from hrm.core.errors import DataError
from hrm.core.source_schema import source_table
from hrm.data.sources import find, locate
from hrm.data.sources.content import tree_sha256

PARAMS = Path(__file__).parents[2] / "params"
TRAIN, TEST = b"source,question,answer,rating\n" + b"a,b,c,1\n" * 5000, b"source,question,answer,rating\n"
TASKS = {f"corpus/{kind}/{kind}{i}.json": f'{{"{kind}": {i}}}'.encode() for kind in "AB" for i in (1, 2, 10)}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    served = Hub()
    served.files["owner/mazes/train.csv"], served.files["owner/mazes/test.csv"] = TRAIN, TEST
    extra = {"top/README.md": b"-", "top/corpus/.DS_Store": b"-", "top/corpus/C/../../../out.json": b"-"}
    served.files["/tasks.zip"] = zipped({f"top/{name}": content for name, content in TASKS.items()} | extra)
    monkeypatch.setenv("HF_ENDPOINT", served.url)
    monkeypatch.setenv("HRM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HRM_MIRROR", raising=False)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the library waits between tries
    yield served
    served.close()


@pytest.fixture
def params(hub: Hub, tmp_path: Path) -> Path:
    write_table(tmp_path, hub, {"train.csv": sha256(TRAIN), "test.csv": sha256(TEST)}, COMMIT)
    return tmp_path


def write_table(folder: Path, hub: Hub, hashes: dict[str, str | None], revision: str | None) -> None:
    lines = "".join(f"{sha256(TASKS[name])}  {name}\n" for name in sorted(TASKS))
    about = {"licence": "none", "citation": "nobody"}
    mazes = {"kind": "hub", "repository": "owner/mazes", "revision": revision, "files": hashes, "mirror": "mazes"}
    tasks = {"kind": "archive", "url": f"{hub.url}/tasks.zip", "top": "top", "files": "corpus/*/*.json", "count": 6}
    pinned = {"tree_sha256": sha256(lines.encode()), "mirror": "tasks"}
    table = {"sources": {"mazes": {**mazes, **about}, "tasks": {**tasks, **pinned, **about}}}
    (folder / "sources.yaml").write_text(yaml.safe_dump(table, sort_keys=False))


def refused(capsys: pytest.CaptureFixture[str], params: Path, name: str) -> str:
    capsys.readouterr()
    assert main(["fetch", name, "--params", str(params)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert not (params / "cache" / name).exists()
    return lines[0]


def test_the_table_of_this_project_is_pinned() -> None:
    for source in source_table(PARAMS).values():
        assert source.licence
        assert source.citation
        if source.kind == "hub":
            assert source.revision
            assert all(source.files.values())


def test_hub_files_come_once(hub: Hub, params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "mazes", "--params", str(params)]) == 0
    said = capsys.readouterr()
    assert sha256(TRAIN) in said.out
    assert "nobody" in said.out
    assert not said.err
    folder = params / "cache/mazes"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"train.csv": TRAIN, "test.csv": TEST}
    assert find("mazes", params).origin == "cache"
    assert len(hub.gets) == 2


def test_a_broken_connection_is_resumed(hub: Hub, params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)  # what is kept is whole chunks
    hub.breaks = 1
    assert (locate("mazes", params) / "train.csv").read_bytes() == TRAIN
    ranges = [asked for path, asked in hub.gets if path.endswith("train.csv")]
    assert ranges == [None, "bytes=20000-"]


def test_an_interrupted_download_leaves_nothing_and_starts_again(
    hub: Hub, params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.breaks = 100
    assert "cannot be downloaded" in refused(capsys, params, "mazes")
    hub.breaks = 0
    assert find("mazes", params).origin == "network"
    assert sorted(path.name for path in (params / "cache").iterdir() if not path.name.endswith(".lock")) == ["mazes"]


def test_a_corrupt_download_is_refused_and_not_kept(hub: Hub, params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub.corrupt = True
    message = refused(capsys, params, "mazes")
    assert "train.csv" in message
    assert sha256(TRAIN) in message
    assert "not kept" in message
    hub.corrupt = False
    assert (locate("mazes", params) / "train.csv").read_bytes() == TRAIN


@pytest.mark.parametrize("status", [401, 404])
@pytest.mark.parametrize("name", ["mazes", "tasks"])
def test_refusal_names_the_status_and_three_ways_out(
    hub: Hub, params: Path, capsys: pytest.CaptureFixture[str], status: int, name: str
) -> None:
    hub.refuse = status
    message = refused(capsys, params, name)
    assert f"HTTP {status}" in message
    assert f"FOLDER/{name} holds" in message
    assert str(params / "cache" / name) in message


@pytest.mark.parametrize("name", ["mazes", "tasks"])
def test_no_server_is_one_line(hub: Hub, params: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    hub.close()
    assert "Connection refused" in refused(capsys, params, name)


def test_another_revision_than_the_pinned_one_is_refused(
    hub: Hub, params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(params, hub, {"train.csv": sha256(TRAIN)}, "f" * 40)
    assert "HTTP 404" in refused(capsys, params, "mazes")


def test_what_is_not_pinned_is_said(hub: Hub, params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(params, hub, {"train.csv": None, "test.csv": sha256(TEST)}, None)
    assert find("mazes", params).sha256["train.csv"] == sha256(TRAIN)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert sha256(TRAIN) in said[0]
    assert "revision is not pinned" in said[1]


def test_archive_gives_the_pinned_files_and_no_others(hub: Hub, params: Path) -> None:
    folder = locate("tasks", params)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == sorted(TASKS)
    assert tree_sha256(folder, names) == find("tasks", params).sha256["corpus/*/*.json"]
    assert not list(params.rglob("out.json"))


@pytest.mark.parametrize("damage", ["truncated", "corrupt", "short", "other"])
def test_a_damaged_archive_is_refused(hub: Hub, params: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    whole = {f"top/{name}": content for name, content in TASKS.items()}
    if damage == "truncated":
        hub.breaks = 100
    elif damage == "corrupt":
        hub.files["/tasks.zip"] = hub.files["/tasks.zip"][:-30]
    elif damage == "short":
        hub.files["/tasks.zip"] = zipped(dict(list(whole.items())[1:]))
    else:
        hub.files["/tasks.zip"] = zipped({**whole, "top/corpus/A/A1.json": b"other"})
    refused(capsys, params, "tasks")
    assert not list((params / "cache").rglob("*.json"))


def test_mirror_comes_first_and_is_checked(hub: Hub, params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.refuse = 404
    mirror = params / "mirror"
    (mirror / "mazes").mkdir(parents=True)
    monkeypatch.setenv("HRM_MIRROR", str(mirror))
    (mirror / "mazes/train.csv").write_bytes(TRAIN)
    with pytest.raises(DataError, match=r"lacks files of mazes; it must hold train.csv, test.csv"):
        locate("mazes", params)
    (mirror / "mazes/test.csv").write_bytes(TEST + b"x")
    with pytest.raises(DataError, match=r"test.csv: its SHA-256 is"):
        locate("mazes", params)
    (mirror / "mazes/test.csv").write_bytes(TEST)
    assert find("mazes", params) == (
        mirror / "mazes",
        "mirror",
        {"train.csv": sha256(TRAIN), "test.csv": sha256(TEST)},
    )
    with pytest.raises(DataError, match="HTTP 404"):  # a mirror need not hold every source
        locate("tasks", params)


def test_files_put_into_the_cache_by_hand_count_and_damaged_ones_are_fetched_again(
    hub: Hub, params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = params / "cache/mazes"
    folder.mkdir(parents=True)
    (folder / "train.csv").write_bytes(TRAIN)
    (folder / "test.csv").write_bytes(TEST)
    assert find("mazes", params).origin == "cache"
    assert not hub.gets
    (folder / "train.csv").write_bytes(TRAIN[:-1])
    assert find("mazes", params).origin == "network"
    assert "fetched again" in capsys.readouterr().err
    assert (folder / "train.csv").read_bytes() == TRAIN


def test_unknown_names_and_packages_are_named(params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "allowed are mazes, tasks" in refused(capsys, params, "nosuch")
    about = {"licence": "none", "citation": "nobody", "kind": "package", "files": {"core.py": "0" * 64}}
    table = {"sources": {"yaml": {**about, "package": "pytest", "version": "0.0.1"}}}
    (params / "sources.yaml").write_text(yaml.safe_dump(table))
    assert "it must be version 0.0.1" in refused(capsys, params, "yaml")
    (params / "sources.yaml").write_text(yaml.safe_dump({"sources": {"x": {**about, "files": {"../a": "0" * 64}}}}))
    assert "sources.yaml" in refused(capsys, params, "x")
