"""The kinds of figures, one module each: what lies in this folder is a sub-command of `hrm render`, by its name.

A module offers

- `TITLE`: a few words, for lists of figures;
- `CAPTION`: one or two sentences that say what is seen and how to read it, true at every scale;
- `INPUTS`: name -> `Input`, each an option of the command and an argument of `draw`;
- `draw(words, **inputs)`: the figure; `words` are names for readers (`hrm.report.words`);
- `animate(words, target, **inputs)`, if it moves: writes the same as a GIF.

Importing one is cheap: matplotlib and pandas are imported when something is drawn. Names that begin with an underscore
are parts of other modules.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrm.report.words import Words


class Input(NamedTuple):
    """What a figure is drawn from: an option of the command, and an argument of `draw` of the same name."""

    help: str
    file: str  # name of the file, as the pipeline has it; empty for a word that is no file
    many: bool = False  # a list of files
    required: bool = True


class FigureModule(Protocol):
    """A module of this folder."""

    TITLE: str
    CAPTION: str
    INPUTS: Mapping[str, Input]

    def draw(self, words: "Words", **inputs: Any) -> "Figure":
        """The figure; DataError when an input is broken."""


class MovingFigureModule(FigureModule, Protocol):
    """One whose figure moves as well."""

    def animate(self, words: "Words", target: Path, **inputs: Any) -> None:
        """Write it as a GIF."""


def figure_modules() -> dict[str, FigureModule]:
    """Kind -> module, in the order of their names."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return {name: cast(FigureModule, importlib.import_module(f"{__name__}.{name}")) for name in names}


def suffixes(module: FigureModule) -> tuple[str, ...]:
    """Of the files that `hrm render` writes of such a figure."""
    from hrm.report.style import SUFFIXES

    return (*SUFFIXES, ".gif") if hasattr(module, "animate") else SUFFIXES
