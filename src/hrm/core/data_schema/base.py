"""What the parameters of every data set have in common."""

from typing import Annotated

from pydantic import Field, NonNegativeInt

from hrm.core.params import Params

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class DataParams(Params):
    """What every data set has. `family` says which model reads the file and which module makes the data."""

    task: Name
    family: str
    seed: NonNegativeInt

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
