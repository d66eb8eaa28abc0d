"""Files appear whole or not at all: write beside, flush to disk, replace."""

import contextlib
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from hrm.core.errors import DataError, HrmError, ParameterError

# The safe loader, of libyaml where PyYAML has it: ten times faster, a second less for the claims.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _EachKeyOnce(LOADER):  # type: ignore[misc]  # found at run time
    """Refuses a key that stands twice in a mapping, of which YAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value} stands twice", key.start_mark)
            seen.add(key.value)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


@contextlib.contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; move it there once the block ends well, remove it otherwise.

    Raises HrmError with the target's name when the disk is full or the folder cannot be written.
    """
    target = Path(target)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    except OSError as error:
        raise HrmError(f"{target}: cannot be written ({error.strerror or error}); nothing was changed") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(target: str | Path, text: str) -> None:
    """Write `text` to `target` atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: str | Path, value: Any) -> None:
    """Write `value` as JSON with sorted keys, so that equal values are equal files."""
    write_text(target, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file; DataError names the file when it is missing or broken."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise DataError(f"{path}: is not valid JSON ({error})") from error


def read_text(path: str | Path) -> str:
    """Read a file of parameters; ParameterError names it when it is missing or no text."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ParameterError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path}: is not text in UTF-8 ({error.reason})") from error


def read_yaml(path: str | Path) -> Mapping[str, Any]:
    """Read a YAML mapping; ParameterError names the file when it is missing, broken or not a mapping.

    Equal texts are parsed once a process, so that what comes back is shared and must not be changed.
    """
    try:
        value = _parsed(read_text(path))
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ParameterError(f"{path}: is not valid YAML ({reason})") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ParameterError(f"{path}: holds {type(value).__name__}; it must be a mapping of keys to values")
    return value


@functools.lru_cache(maxsize=512)
def _parsed(text: str) -> Any:
    return yaml.load(text, Loader=_EachKeyOnce)


def sha256_file(path: str | Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(value: Mapping[str, Any]) -> str:
    """First 16 hex digits of the SHA-256 of a JSON-able mapping: equal for equal content."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
