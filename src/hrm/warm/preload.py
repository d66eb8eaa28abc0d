"""Import what the commands need, and leave the process fit to be forked."""

import gc
import importlib
import os
import pkgutil
from io import BytesIO
from pathlib import Path

import hrm
from hrm.core.errors import ProcessError

# Timings take their own process; the others are this server, and the command line that started it.
LEFT_OUT = ("hrm.bench", "hrm.commands.bench", "hrm.commands.serve", "hrm.warm", "hrm.cli")
# What libraries and our own functions import when they are first used.
LATE = (
    "matplotlib.backends.backend_svg",
    "matplotlib.style.core",
    "multiprocessing.synchronize",
    "torch.fx.experimental.symbolic_shapes",
    "torch.nested._internal.nested_tensor",
)


def preload() -> None:
    """Import it all; ProcessError when the process has more than one thread afterwards, or has touched a GPU.

    A forked process has the one thread that forked it: pools of threads that the parent had are dead in it. No
    library may have started one, which the first tensor operation would do.
    """
    gc.disable()  # a collection would touch, and so copy, the pages that the forked processes share
    for module in pkgutil.walk_packages(hrm.__path__, "hrm."):
        if not module.name.startswith(LEFT_OUT):
            importlib.import_module(module.name)
    for name in LATE:
        importlib.import_module(name)
    from numba.core.registry import cpu_target

    cpu_target.target_context.refresh()  # what numba imports before it compiles or loads its first function
    draw_once()
    gc.collect()
    gc.freeze()
    end_idle_pools()
    if (threads := thread_count()) != 1:
        raise ProcessError(f"the process has {threads} threads after its imports; it can be forked with one only")
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        raise ProcessError("an import has initialised CUDA, which does not work in a forked process then")


def draw_once() -> None:
    """Draw a letter in every format: what matplotlib and fontTools import for that takes half a second otherwise."""
    from hrm.report.style import SUFFIXES, new_figure, styled

    with styled():
        figure = new_figure(1.0, 1.0)
        figure.text(0.5, 0.5, "x")
        for suffix in SUFFIXES:
            figure.savefig(BytesIO(), format=suffix[1:])


def end_idle_pools() -> None:
    """Fork once: OpenBLAS starts its pool when it is loaded, ends it at a fork, and makes a new one when needed."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def thread_count() -> int:
    """Threads of this process, those of libraries included."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Threads:"))
