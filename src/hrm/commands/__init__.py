"""One module a sub-command, each with `add_arguments(parser)` and `run(arguments)`.

They import torch, numba and pandas inside `run`, so that `hrm --help` and bad arguments answer at once.
"""
