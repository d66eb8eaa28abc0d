"""Sudoku: generator, solver, symmetries, canonical form, import."""
