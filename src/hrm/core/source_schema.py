"""What params/sources.yaml may say: where published data come from, and the hashes that they must have."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from hrm.core.data_schema.base import Name
from hrm.core.errors import ParameterError
from hrm.core.params import Params, load_params

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
# A path inside a source, or a pattern of such: no part begins with a dot, so that none leads out of the folder.
Inside = Annotated[str, Field(pattern=r"^[A-Za-z0-9_*-][A-Za-z0-9_.*-]*(/[A-Za-z0-9_*-][A-Za-z0-9_.*-]*)*$")]


class SourceParams(Params):
    """What every source has."""

    licence: str
    citation: str


class PackageSource(SourceParams):
    """Files that an installed Python package brings."""

    kind: Literal["package"]
    package: Name
    version: str
    files: dict[Inside, Sha256]  # inside the package's folder


class ArchiveSource(SourceParams):
    """Files of a zip archive, pinned by their content, since the archive may be packed anew."""

    kind: Literal["archive"]
    url: str
    top: Inside  # folder of the archive that holds everything
    files: Inside  # glob pattern below it
    count: PositiveInt  # how many files match
    # SHA-256 of the lines "SHA-256 of a file, two spaces, its path", sorted by path: what sha256sum prints of them.
    tree_sha256: Sha256 | None
    mirror: Name


class HubSource(SourceParams):
    """Files of a data set on the Hugging Face hub."""

    kind: Literal["hub"]
    repository: str
    revision: Commit | None
    files: dict[Inside, Sha256 | None]
    mirror: Name  # sub-folder of HRM_MIRROR, and of the cache


Source = Annotated[PackageSource | ArchiveSource | HubSource, Field(discriminator="kind")]


class SourcesParams(Params):
    """params/sources.yaml."""

    sources: dict[Name, Source]


def source_table(root: Path) -> dict[str, PackageSource | ArchiveSource | HubSource]:
    """All sources by name."""
    return dict(load_params(SourcesParams, [root / "sources.yaml"]).sources)


def source_params(root: Path, name: str) -> PackageSource | ArchiveSource | HubSource:
    """One source; ParameterError when the table has none of that name."""
    table = source_table(root)
    if name not in table:
        raise ParameterError(f"{root / 'sources.yaml'}: no source {name!r}; allowed are {', '.join(sorted(table))}")
    return table[name]
