"""Lattice mazes: walls lie between the cells; made by the package maze-dataset."""
