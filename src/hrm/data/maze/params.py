"""Parameters of mazes on grids of open and wall cells: Maze-Hard and boards."""

import math
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, model_validator

from hrm.core.params import Params
from hrm.data.grid.params import GridParams


class CountedWalls(Params):
    """Walls of Maze-Hard: every number of wall cells in the range of shares is equally likely, then every placing."""

    rule: Literal["count"]
    minimum_share: Annotated[float, Field(ge=0, lt=1)]
    maximum_share: Annotated[float, Field(ge=0, lt=1)]

    @model_validator(mode="after")
    def _ordered(self) -> "CountedWalls":
        if self.minimum_share > self.maximum_share:
            raise ValueError("walls.minimum_share must be at most walls.maximum_share")
        return self


class IndependentWalls(Params):
    """Walls of the board study: each cell but start and goal is a wall with this probability."""

    rule: Literal["independent"]
    probability: Annotated[float, Field(ge=0, lt=1)]


class MazeParams(GridParams):
    """Square grids of open and wall cells with a start and a goal; the answer is a shortest path.

    For published ones `walls`, which is a wish to the sampler, is null.
    """

    family: Literal["maze"]
    source: Literal["generated", "published"]
    size: Annotated[int, Field(ge=2, le=62)]
    walls: Annotated[CountedWalls | IndependentWalls, Field(discriminator="rule")] | None
    path_longer_than: NonNegativeInt
    dihedral: bool

    @model_validator(mode="after")
    def _possible(self) -> "MazeParams":
        if self.path_longer_than >= self.size**2 - 1:
            raise ValueError(f"path_longer_than must be below size x size - 1 = {self.size**2 - 1}")
        if (self.walls is None) != self.published:
            raise ValueError(f"walls must be {'null' if self.published else 'set'} where source is {self.source}")
        if self.published and self.dihedral:
            raise ValueError("dihedral must be false where source is published")
        if isinstance(self.walls, CountedWalls):
            fewest, most = self.wall_counts
            if fewest > most or self.size**2 - fewest < 2:
                raise ValueError("walls: no number of wall cells lies in the range of shares and leaves two open cells")
        return self

    @property
    def turned(self) -> bool:
        """As `dihedral` says."""
        return self.dihedral

    @property
    def wall_counts(self) -> tuple[int, int]:
        """Least and greatest number of wall cells, for walls by count."""
        assert isinstance(self.walls, CountedWalls)
        cells = self.size**2
        # Rounded first: 0.3 x 900 is a little more than 270 in binary.
        fewest = math.ceil(round(self.walls.minimum_share * cells, 6))
        return fewest, min(math.floor(round(self.walls.maximum_share * cells, 6)), cells - 2)

    @property
    def published(self) -> bool:
        """Whether they are those of Maze-Hard."""
        return self.source == "published"

    @property
    def described(self) -> str:
        """With the length of the path."""
        if self.published:
            return "mazes of Maze-Hard"
        return f"{self.size}x{self.size} mazes of our sampler (shortest path longer than {self.path_longer_than} steps)"


PARAMS = MazeParams
