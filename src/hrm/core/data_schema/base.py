"""What the parameters of every data set have in common."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, NonNegativeInt, PrivateAttr

from hrm.core.params import Params

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class DataParams(Params):
    """What every data set has.

    `family` is the folder of the task in hrm.data: its model reads the file, its object makes the data.
    """

    # Of records: what was true before a key came (hrm.core.records).
    came: ClassVar[Mapping[str, Any]] = {}

    task: Name
    family: str
    seed: NonNegativeInt
    # The folder that these parameters were read from. It is no parameter: no file says it, and no data set holds it.
    _root: Path = PrivateAttr(default=Path("params"))

    @property
    def root(self) -> Path:
        """Folder of the parameters, where the table of sources is."""
        return self._root

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the largest grid."""
        raise NotImplementedError

    @property
    def published(self) -> bool:
        """Whether these are the published data."""
        raise NotImplementedError

    @property
    def train_wanted(self) -> int | None:
        """Training examples that are asked for, augmentations not counted; None where the data decide."""
        raise NotImplementedError

    @property
    def test_wanted(self) -> int | None:
        """Test examples that are asked for; None where the data decide."""
        raise NotImplementedError

    @property
    def described(self) -> str:
        """What the examples are, for a sentence such as "... instead of the published ones"."""
        raise NotImplementedError
