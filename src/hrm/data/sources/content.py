"""Whether a folder holds what the table of sources says: all files, each with its hash."""

import hashlib
from pathlib import Path

from hrm.core.errors import DataError
from hrm.core.files import sha256_file
from hrm.core.source_schema import ArchiveSource, HubSource, PackageSource

AnySource = PackageSource | ArchiveSource | HubSource


def layout(source: AnySource) -> str:
    """The files that must be there, for messages."""
    if isinstance(source, ArchiveSource):
        return f"{source.files} ({source.count} files)"
    return ", ".join(source.files)


def missing(source: AnySource, folder: Path) -> bool:
    """Whether files of the source are not in `folder`, whatever those that are hold."""
    if isinstance(source, ArchiveSource):
        return len(matching(source, folder)) < source.count
    return not all((folder / name).is_file() for name in source.files)


def matching(source: ArchiveSource, folder: Path) -> list[str]:
    """Paths below `folder` that match the source's pattern, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob(source.files) if path.is_file())


def tree_sha256(folder: Path, names: list[str]) -> str:
    """SHA-256 of what `sha256sum NAMES` prints in `folder`."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{sha256_file(folder / name)}  {name}\n".encode())
    return digest.hexdigest()


def check(source: AnySource, folder: Path) -> dict[str, str]:
    """The hashes that were found, by file or pattern; DataError when one is not as the table says."""
    if isinstance(source, ArchiveSource):
        names = matching(source, folder)
        if len(names) != source.count:
            raise DataError(f"{folder}: holds {len(names)} files {source.files}; it must hold {source.count}")
        found = {source.files: tree_sha256(folder, names)}
        wanted: dict[str, str | None] = {source.files: source.tree_sha256}
    else:
        found = {name: sha256_file(folder / name) for name in source.files}
        wanted = {**source.files}
    for name, sha256 in found.items():
        if wanted[name] is not None and wanted[name] != sha256:
            raise DataError(f"{folder / name}: its SHA-256 is {sha256}; params/sources.yaml says {wanted[name]}")
    return found


def unpinned(source: AnySource) -> list[str]:
    """What the table does not pin: files by name, and the revision."""
    if isinstance(source, ArchiveSource):
        return [source.files] if source.tree_sha256 is None else []
    names = [name for name, sha256 in source.files.items() if sha256 is None]
    return [*names, "revision"] if isinstance(source, HubSource) and source.revision is None else names
