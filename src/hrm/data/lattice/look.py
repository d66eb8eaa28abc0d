"""How the grids of this family look."""

from hrm.data.look import Look

LOOK = Look("moves", ("step", "steps"), "length of the shortest path (steps)")
