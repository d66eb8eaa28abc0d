"""Parameters of data sets: one model a family of tasks."""
