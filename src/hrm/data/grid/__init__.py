"""Square grids that several families of tasks share: shortest paths and the eight symmetries of the square."""
