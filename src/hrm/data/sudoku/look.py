"""How the grids of this family look."""

from hrm.data.look import Look

LOOK = Look("digits", ("guess", "guesses"), "difficulty (guesses of the solver)")
