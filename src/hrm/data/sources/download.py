"""Downloads into an empty folder; what arrives is checked by the caller, and every failure is one DownloadError."""

import logging
import os
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from hrm.core.source_schema import ArchiveSource, HubSource

TIMEOUT = 30.0  # seconds without an answer
LARGEST = 64 * 2**20  # bytes of one file of an archive: more is no task file


class DownloadError(Exception):
    """Nothing usable came; the message is one line."""


def from_hub(source: HubSource, folder: Path) -> None:
    """Bring the files of a hub data set into `folder`; files that are there already, by this function, are kept."""
    # One way of transport, the one that the tests go through; it must be said before the library is imported.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.utils import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
    endpoint = os.environ.get("HF_ENDPOINT") or None
    for name in source.files:
        with _one_line(f"{source.repository} {name}"), _quiet("huggingface_hub"):
            url = hf_hub_url(
                source.repository, name, repo_type="dataset", revision=source.revision or "main", endpoint=endpoint
            )
            # Asked first and once: the library would try a server that refuses for half a minute.
            commit = get_hf_file_metadata(url, token=False, timeout=TIMEOUT).commit_hash
            if commit is None or (source.revision is not None and commit != source.revision):
                raise DownloadError(f"{url}: the server offers revision {commit}, not {source.revision}")
            hf_hub_download(
                source.repository,
                name,
                repo_type="dataset",
                revision=commit,
                local_dir=folder,
                endpoint=endpoint,
                token=False,
                etag_timeout=TIMEOUT,
            )


def from_archive(source: ArchiveSource, folder: Path) -> None:
    """Bring the files of a zip archive that match the source's pattern into `folder`."""
    import pooch

    pooch.get_logger().setLevel(logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".archive-") as temporary:
        with _one_line(source.url):
            downloader = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=sys.stderr.isatty())
            # The hash is of the files, which the caller checks.
            path = pooch.retrieve(source.url, None, fname="archive.zip", path=temporary, downloader=downloader)
        with _one_line(f"{source.url} as a zip archive"), zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                inside = PurePosixPath(entry.filename)
                if entry.is_dir() or not inside.is_relative_to(source.top) or ".." in inside.parts:
                    continue
                name = inside.relative_to(source.top)
                if not name.match(source.files):
                    continue
                if entry.file_size > LARGEST:
                    raise DownloadError(f"{source.url}: {name} has {entry.file_size} bytes, too many")
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(entry))


@contextmanager
def _one_line(what: str) -> Iterator[None]:
    try:
        yield
    except DownloadError:
        raise
    except Exception as error:  # the errors of these libraries, and of those below them, have no common base
        raise DownloadError(f"{what}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """The HTTP status, or what the system said at the very start of the chain of errors, or the error's own words."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status:
        return f"HTTP {status}"
    first: BaseException = error
    while (before := first.__cause__ or first.__context__) is not None:
        first = before
    words = first.strerror if isinstance(first, OSError) and first.strerror else str(error)
    return " ".join(words.split())[:300] or type(error).__name__


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """No warnings of a library: what matters is in the error."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
