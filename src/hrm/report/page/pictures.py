"""Pictures of the page, each opened first, so that a broken file ends the command and not the reader's patience."""

import base64
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from hrm.core.errors import DataError
from hrm.report.page.drawings import Drawing, Drawings

MEDIA_TYPES = {".png": "image/png", ".gif": "image/gif"}
SUFFIXES = (".svg", *MEDIA_TYPES)
COLOURS = 64  # of a PNG: cells of puzzles have a dozen, their letters shades between them


class Embedded(NamedTuple):
    """A picture in the page: its data URI, and the width and height in CSS pixels at which it is shown."""

    source: str
    width: int
    height: int


def embed(path: Path, named_in: str, drawings: Drawings, *, on_paper: bool) -> Embedded | Drawing:
    """Read a picture (SVG, PNG, GIF with all its frames); DataError when it is missing or broken.

    Args:
        path: the file.
        named_in: where the page's author asked for it, for the message.
        drawings: takes the SVG figures.
        on_paper: it keeps its colours in dark mode.
    """
    if path.suffix not in SUFFIXES:
        raise DataError(f"{path}: {named_in}: pictures are {', '.join(SUFFIXES)}")
    try:
        return drawings.add(path, on_paper=on_paper) if path.suffix == ".svg" else _raster(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: is missing; {named_in} asks for it") from error
    except (OSError, SyntaxError, ValueError) as error:  # ParseError is a SyntaxError, and so are some of Pillow's
        raise DataError(f"{path}: cannot be read as a picture ({' '.join(str(error).split())})") from error


def _raster(path: Path) -> Embedded:
    with Image.open(path, formats=[path.suffix[1:]]) as image:
        for frame in range(getattr(image, "n_frames", 1)):
            image.seek(frame)
            image.load()
        content = _fewer_colours(image) if path.suffix == ".png" else path.read_bytes()
        width, height = image.size
    coded = base64.b64encode(content).decode("ascii")
    return Embedded(f"data:{MEDIA_TYPES[path.suffix]};base64,{coded}", width, height)


def _fewer_colours(image: Image.Image) -> bytes:
    """A PNG of a third of the size, with a palette."""
    buffer = BytesIO()
    image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
