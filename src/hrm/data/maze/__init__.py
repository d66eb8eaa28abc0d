"""Mazes of open and wall cells: Maze-Hard of the HRM paper and the boards of the board-path study."""
