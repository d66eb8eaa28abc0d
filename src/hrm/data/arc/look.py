"""How the grids of this family look."""

from hrm.data.look import Look

LOOK = Look("colours", ("cell", "cells"), "cells of the pair's larger grid")
