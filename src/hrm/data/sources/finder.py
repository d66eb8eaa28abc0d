"""Where the files of a source are: in the mirror, in the cache, or fetched into the cache; always checked.

The mirror (HRM_MIRROR) and the cache (HRM_CACHE, or the platform's cache folder) have one layout: a sub-folder a
source, files in it as the table names them.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from hrm.core.errors import DataError
from hrm.core.source_schema import ArchiveSource, HubSource, PackageSource, source_params
from hrm.data.sources import content
from hrm.data.sources.download import DownloadError, from_archive, from_hub


class Found(NamedTuple):
    """A source whose files are here and as they should be."""

    folder: Path
    origin: str  # mirror, cache, network or package
    sha256: dict[str, str]  # by file; of an archive, of the whole tree of files


def locate(name: str, params_root: Path) -> Path:
    """The folder that holds the checked files of a source; DataError says what to do when there is none."""
    return find(name, params_root).folder


def find(name: str, params_root: Path) -> Found:
    """The files of a source; those that the table does not pin are named on stderr, with the hash that they have."""
    source = source_params(params_root, name)
    found = _installed(name, source) if isinstance(source, PackageSource) else _folder(name, source)
    for part in content.unpinned(source):
        value = found.sha256.get(part, "not pinned")
        print(f"{name}: {part} is not pinned in {params_root / 'sources.yaml'}; found {value}", file=sys.stderr)
    return found


def cache_root() -> Path:
    """The folder that keeps what was downloaded."""
    import pooch

    return Path(os.environ.get("HRM_CACHE") or pooch.os_cache("hrm"))


def _installed(name: str, source: PackageSource) -> Found:
    try:
        version = importlib.metadata.version(source.package)
    except importlib.metadata.PackageNotFoundError:
        version = "not installed"
    spec = importlib.util.find_spec(source.package) if version == source.version else None
    if spec is None or spec.origin is None:
        raise DataError(f"{name}: package {source.package} is {version}; it must be version {source.version}")
    folder = Path(spec.origin).parent
    if content.missing(source, folder):
        raise DataError(f"{name}: package {source.package} in {folder} lacks {content.layout(source)}")
    return Found(folder, "package", content.check(source, folder))


def _folder(name: str, source: ArchiveSource | HubSource) -> Found:
    if mirror := os.environ.get("HRM_MIRROR"):
        folder = Path(mirror) / source.mirror
        if folder.is_dir():
            if content.missing(source, folder):
                raise DataError(f"{folder}: lacks files of {name}; it must hold {content.layout(source)}")
            return Found(folder, "mirror", content.check(source, folder))
    from filelock import FileLock

    cache = cache_root()
    folder = cache / source.mirror
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f".{source.mirror}.lock"):  # several jobs may want it at once
            return _cached(source, folder) or _fetched(name, source, folder)
    except DownloadError as error:
        raise DataError(_ways_out(name, source, cache, error)) from error
    except OSError as error:
        raise DataError(f"{cache}: cannot be used as the cache ({error.strerror or error})") from error


def _cached(source: ArchiveSource | HubSource, folder: Path) -> Found | None:
    if content.missing(source, folder):
        return None
    try:
        return Found(folder, "cache", content.check(source, folder))
    except DataError as error:
        print(f"{error}; it is fetched again", file=sys.stderr)
        return None


def _fetched(name: str, source: ArchiveSource | HubSource, folder: Path) -> Found:
    """Download beside `folder`, check, and move there: it appears whole or not at all."""
    partial = folder.with_name(f".{folder.name}.partial")
    if isinstance(source, HubSource):
        # Files that came whole in an earlier try stay; after a failed check nothing does.
        from_hub(source, partial)
    else:
        shutil.rmtree(partial, ignore_errors=True)
        from_archive(source, partial)
    try:
        found = content.check(source, partial)
    except DataError as error:
        shutil.rmtree(partial)
        raise DataError(f"{name}: the download is not what it should be and was not kept ({error})") from error
    shutil.rmtree(partial / ".cache", ignore_errors=True)  # the hub library's notes
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
    return Found(folder, "network", found)


def _ways_out(name: str, source: ArchiveSource | HubSource, cache: Path, error: DownloadError) -> str:
    return (
        f"{name}: cannot be downloaded ({error}). Three ways out: a machine with a network; HRM_MIRROR=FOLDER, where "
        f"FOLDER/{source.mirror} holds {content.layout(source)}; the same files in {cache / source.mirror}, or a task "
        "and scale that need no download"
    )
