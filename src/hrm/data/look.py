"""How the grids of a family look: what the report asks to draw them and to name their difficulty."""

from typing import Literal, NamedTuple

from hrm.core import discovery


class Look(NamedTuple):
    """LOOK in hrm.data.FAMILY.look; nothing but figures reads it, so that no result depends on it.

    Drawings are by kind, not by family, so that a new task takes one that there is:
    digits: numbers in boxes, given ones bold; colours: one colour a token, without padding and end marks;
    cells: walls, open cells and a path of cells; moves: walls between cells and a path of moves; numbers: any tokens.
    """

    drawing: Literal["digits", "colours", "cells", "moves", "numbers"]
    rating_unit: tuple[str, str]  # of one, of several; empty where the rating has none
    rating_axis: str  # what the rating is, for the axis of a chart

    def rating_text(self, rating: int) -> str:
        """Difficulty with its unit."""
        one, several = self.rating_unit
        return f"{rating:,} {one if rating == 1 else several}" if several else f"rating {rating:,}"


NUMBERS = Look("numbers", ("", ""), "rating")


def find_look(family: str) -> Look:
    """The look of a family, NUMBERS where it has none of its own; the family need not be there."""
    module = discovery.look_module(family)
    if module is None:
        return NUMBERS
    look: Look = discovery.find(module, "LOOK")
    return look
