"""Parameters of Sudoku data sets."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

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
    """Sudoku puzzles made by the generator, or those of Sudoku-Extreme.

    For published ones `clues`, `rating` and `search`, which are wishes to the generator, are null.
    """

    came: ClassVar[Mapping[str, Any]] = {"source": "generated"}

    family: Literal["sudoku"]
    source: Literal["generated", "published"]
    box_height: Annotated[int, Field(ge=1, le=5)]
    box_width: Annotated[int, Field(ge=1, le=5)]
    train_puzzles: PositiveInt
    test_puzzles: PositiveInt
    spare: NonNegativeFloat
    clues: PositiveInt | Literal["minimal"] | None
    rating: RatingParams | None
    search: SearchParams | None
    augmentations: NonNegativeInt
    include_original: bool

    @model_validator(mode="after")
    def _fits(self) -> "SudokuParams":
        if not 2 <= self.box_height * self.box_width <= 9:
            raise ValueError("box_height x box_width must be between 2 and 9")
        if self.rating is not None and self.rating.mean < self.rating.minimum:
            raise ValueError("rating.mean must be at least rating.minimum")
        return self

    @model_validator(mode="after")
    def _wishes_are_for_the_generator(self) -> "SudokuParams":
        wishes = {"clues": self.clues, "rating": self.rating, "search": self.search}
        for key, wish in wishes.items():
            if (wish is None) != self.published:
                raise ValueError(f"{key} must be {'null' if self.published else 'set'} where source is {self.source}")
        if self.published and (self.box_height, self.box_width) != (3, 3):
            raise ValueError("box_height and box_width must be 3 where source is published")
        return self

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the board."""
        return [self.box_height * self.box_width] * 2

    @property
    def published(self) -> bool:
        """Whether they are those of Sudoku-Extreme."""
        return self.source == "published"

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
        if self.rating is None:
            return "puzzles of Sudoku-Extreme"
        return f"puzzles of our generator (wished mean rating {self.rating.mean:g} guesses)"


PARAMS = SudokuParams
