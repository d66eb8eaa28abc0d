"""Pictures as data URIs, each opened first, so that a broken file ends the command and not the reader's patience."""

import base64
import re
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from PIL import Image

from hrm.core.errors import DataError

MEDIA_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".gif": "image/gif"}
SVG_ROOT = "{http://www.w3.org/2000/svg}svg"
# Figures are drawn for a printed page with letters of 8 points; on a screen they stand beside text of 16 pixels.
ENLARGED = 1.3
PIXELS_A_POINT = 96 / 72


class Embedded(NamedTuple):
    """A picture in the page: its data URI, and the width and height in CSS pixels at which it is shown."""

    source: str
    width: int
    height: int


def embed(path: Path, named_in: str) -> Embedded:
    """Read a picture (SVG, PNG, GIF with all its frames); DataError when it is missing or broken.

    Args:
        path: the file.
        named_in: where the page's author asked for it, for the message.
    """
    if path.suffix not in MEDIA_TYPES:
        raise DataError(f"{path}: {named_in}: pictures are {', '.join(MEDIA_TYPES)}")
    try:
        content = path.read_bytes()
        width, height = _svg_size(content) if path.suffix == ".svg" else _pixels(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: is missing; {named_in} asks for it") from error
    except (OSError, SyntaxError, ValueError) as error:  # ParseError is a SyntaxError, and so are some of Pillow's
        raise DataError(f"{path}: cannot be read as a picture ({' '.join(str(error).split())})") from error
    coded = base64.b64encode(content).decode("ascii")
    return Embedded(f"data:{MEDIA_TYPES[path.suffix]};base64,{coded}", round(width), round(height))


def _svg_size(content: bytes) -> tuple[float, float]:
    root = ElementTree.fromstring(content)
    if root.tag != SVG_ROOT:
        raise ValueError("the root is not svg")
    sides = [re.fullmatch(r"([0-9.]+)pt", root.get(side, "")) for side in ("width", "height")]
    if sides[0] is None or sides[1] is None:
        raise ValueError("width and height must be in pt, as matplotlib writes them")
    return float(sides[0][1]) * PIXELS_A_POINT * ENLARGED, float(sides[1][1]) * PIXELS_A_POINT * ENLARGED


def _pixels(path: Path) -> tuple[float, float]:
    with Image.open(path, formats=[path.suffix[1:]]) as image:
        for frame in range(getattr(image, "n_frames", 1)):
            image.seek(frame)
            image.load()
        return image.size
