"""Parameters of Sudoku data sets."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from hrm.core.data_schema.base import DataParams
from hrm.core.params import Params


class RatingParams(Params):
    """Wished distribution of difficulty, in guesses of the documented solver; mean 0 takes puzzles as they come."""

    minimum: NonNegativeInt
    mean: NonNegativeFloat


class SearchParams(Params):
    """How much work the search for hard puzzles may do."""

    attempts: PositiveInt
    passes: PositiveInt
    solutions: Annotated[int, Field(ge=3)]
    guesses: PositiveInt
    neighbours: PositiveInt
    imbalance: NonNegativeInt


class SudokuParams(DataParams):
    """Sudoku puzzles made by the generator."""

    family: Literal["sudoku"]
    box_height: Annotated[int, Field(ge=1, le=5)]
    box_width: Annotated[int, Field(ge=1, le=5)]
    train_puzzles: PositiveInt
    test_puzzles: PositiveInt
    spare: NonNegativeFloat
    clues: PositiveInt | Literal["minimal"]
    rating: RatingParams
    search: SearchParams
    augmentations: NonNegativeInt
    include_original: bool

    @model_validator(mode="after")
    def _fits(self) -> "SudokuParams":
        if not 2 <= self.box_height * self.box_width <= 9:
            raise ValueError("box_height x box_width must be between 2 and 9")
        if self.rating.mean < self.rating.minimum:
            raise ValueError("rating.mean must be at least rating.minimum")
        return self

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the board."""
        return [self.box_height * self.box_width] * 2

    @property
    def published(self) -> bool:
        """Never yet: the generator makes them."""
        return False

    @property
    def train_wanted(self) -> int | None:
        """Training puzzles."""
        return self.train_puzzles

    @property
    def test_wanted(self) -> int | None:
        """Test puzzles."""
        return self.test_puzzles

    @property
    def described(self) -> str:
        """With the difficulty that was wished."""
        return f"puzzles of our generator (wished mean rating {self.rating.mean:g} guesses)"
