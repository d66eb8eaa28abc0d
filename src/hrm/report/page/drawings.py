"""SVG figures as parts of the page: what they share stands there once, and their colours follow light and dark mode.

An SVG as a data URI would be a third longer, hold the outlines of its letters again, and stay white on a dark page.
"""

import colorsys
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup, escape

from hrm.core.errors import DataError

NAMESPACE, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
# What matplotlib writes, without what a browser could be made to run or to fetch.
ALLOWED = {
    "g": {"transform", "clip-path", "style"},
    "path": {"d", "transform", "clip-path", "style"},
    "use": {"x", "y", "transform", "clip-path", "style"},
    "rect": {"x", "y", "width", "height", "fill", "transform", "clip-path", "style"},
    "clipPath": set[str](),
    "pattern": {"patternUnits", "x", "y", "width", "height"},
    "image": {"x", "y", "width", "height", "transform", "clip-path", "style"},
}
IGNORED = {"metadata", "defs", "style", "title"}
RASTER = "data:image/png;base64,"
# Figures are drawn for a printed page with letters of 8 points; on a screen they stand beside text of 16 pixels.
ENLARGED = 1.3
PIXELS_A_POINT = 96 / 72
# Lightness in dark mode: of black, of white (the page of style.css), of a tint, and the least of a colour.
DARK_INK, DARK_PAPER, DARK_TINT, DARK_COLOUR = 0.93, 0.102, 0.24, 0.35
GREY, PALE = 0.12, 0.80  # saturation below which a colour is a grey, lightness above which it is a tint


class Drawing(NamedTuple):
    """An SVG figure: the content of its element, its view box, its size on the page, and the words that it holds."""

    content: Markup  # where the page has shown it before, a reference
    box: str
    width: int
    height: int
    labels: list[str]


class Drawings:
    """The SVG figures of one page. Glyphs, markers, clip paths and styles that are equal are kept once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # markup of a definition -> its id
        self._styles: dict[str, str] = {}  # style -> its class
        self._colours: set[str] = set()
        self._read: dict[tuple[Path, bool], Drawing] = {}  # as they are shown the next time

    def add(self, path: Path, *, on_paper: bool) -> Drawing:
        """Read a figure as matplotlib writes it; `on_paper` keeps its colours in dark mode, as pictures of puzzles do.

        Raises ValueError or ElementTree.ParseError when it is broken, OSError when it cannot be read, DataError when
        it holds what no figure of ours holds.
        """
        if (path, on_paper) in self._read:
            return self._read[path, on_paper]
        drawing = self._add(path, on_paper)
        name = f"f{len(self._read)}"
        self._read[path, on_paper] = drawing._replace(content=Markup(f'<use href="#{name}"/>'))
        return drawing._replace(content=Markup(f'<g id="{name}">{drawing.content}</g>'))

    def shared(self) -> Markup:
        """The definitions that the figures refer to."""
        return Markup("".join(_with_id(markup, name) for markup, name in self._names.items()))

    def style(self) -> str:
        """The classes of the figures, and their colours in both modes as custom properties."""
        lines = [f".{name}{{{style}}}" for style, name in self._styles.items()]
        light = "".join(f"--{colour[1:]}:{colour};" for colour in sorted(self._colours))
        dark = "".join(f"--{colour[1:]}:{in_dark(colour)};" for colour in sorted(self._colours))
        lines.append(f":root{{{light}}}")
        lines.append(f'@media screen{{:root[data-theme="dark"]{{{dark}}}}}')
        lines.append(f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme]){{{dark}}}}}")
        return "\n".join(lines)

    def _add(self, path: Path, on_paper: bool) -> Drawing:
        parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
        root = ElementTree.fromstring(path.read_bytes(), parser)
        if root.tag != f"{NAMESPACE}svg":
            raise ValueError("the root is not svg")
        sides = [re.fullmatch(r"([0-9.]+)pt", root.get(side, "")) for side in ("width", "height")]
        if sides[0] is None or sides[1] is None:
            raise ValueError("width and height must be in pt, as matplotlib writes them")
        box = root.get("viewBox", "")
        if not re.fullmatch(r"[-0-9. ]+", box):
            raise ValueError("it has no viewBox")
        width, height = (round(float(side[1]) * PIXELS_A_POINT * ENLARGED) for side in sides if side)
        reading = _Reading(path, self._names, self._styles, None if on_paper else self._colours)
        reading.define(root)
        content = "".join(reading.markup(child) for child in root)
        return Drawing(Markup(content), box, width, height, list(_labels(root)))  # made of escaped parts


class _Reading:
    """One file on its way into the page."""

    def __init__(self, path: Path, names: dict[str, str], styles: dict[str, str], colours: set[str] | None) -> None:
        self._path = path
        self._names = names
        self._styles = styles
        self._colours = colours
        self._own: dict[str, str] = {}  # id in the file -> id on the page

    def define(self, root: ElementTree.Element) -> None:
        """Take over the definitions of the file."""
        for defs in root.iter(f"{NAMESPACE}defs"):
            for child in defs:
                if identity := child.get("id"):
                    markup = self.markup(child)
                    self._own[identity] = self._names.setdefault(markup, f"d{len(self._names)}")

    def markup(self, element: ElementTree.Element) -> str:
        """An element as it stands on the page; a group that says nothing is its children."""
        if not isinstance(element.tag, str):  # a comment
            return ""
        tag = element.tag.removeprefix(NAMESPACE)
        if tag in IGNORED:
            return ""
        if tag not in ALLOWED:
            raise DataError(f"{self._path}: cannot be read as a picture (it has <{tag}>)")
        content = "".join(self.markup(child) for child in element)
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self._attributes(tag, element))
        if tag == "g" and not (attributes and content):
            return content
        return f"<{tag}{attributes}>{content}</{tag}>" if content else f"<{tag}{attributes}/>"

    def _attributes(self, tag: str, element: ElementTree.Element) -> Iterator[tuple[str, str]]:
        if tag in ("use", "image"):
            link = element.get(LINK, element.get("href", ""))
            if tag == "image" and not link.startswith(RASTER):
                raise DataError(f"{self._path}: cannot be read as a picture (it shows {link[:40]!r})")
            yield "href", f"#{self._named(link.removeprefix('#'))}" if tag == "use" else link
        for name, value in element.items():
            if name not in ALLOWED[tag]:
                continue
            if name == "style":
                yield "class", self._class(value)
            elif name == "fill":  # of a hatched bar, whose colour follows the page as that of others does
                yield "class", self._class(f"fill: {value}")
            elif tag == "use" and name == "transform" and (along := re.fullmatch(r"translate\(([\d.]+) 0\)", value)):
                yield "x", _short(along[1])  # the letters of a line
            else:
                yield name, self._referred(_short(value))

    def _class(self, style: str) -> str:
        style = ";".join(re.sub(r"\s*([:,])\s*", r"\1", part.strip()) for part in style.split(";") if part.strip())
        if not re.fullmatch(r"[-a-z0-9#.,:;% ()A-Z]*", style):
            raise DataError(f"{self._path}: cannot be read as a picture (it has the style {style[:40]!r})")
        style = self._referred(_short(style))
        if self._colours is not None:
            found = {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}\b", style)}
            self._colours |= found
            style = re.sub(r"#([0-9a-fA-F]{6})\b", lambda match: f"var(--{match[1].lower()})", style)
        return self._styles.setdefault(style, f"s{len(self._styles)}")

    def _referred(self, value: str) -> str:
        return re.sub(r"url\(#([^)]*)\)", lambda match: f"url(#{self._named(match[1])})", value)

    def _named(self, identity: str) -> str:
        if identity not in self._own:
            raise DataError(
                f"{self._path}: cannot be read as a picture (it refers to {identity!r}, which is not there)"
            )
        return self._own[identity]


def in_dark(colour: str) -> str:
    """A colour of a white page on a dark one: greys turn round, colours get light, tints get dark; the hue stays."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    chroma = max(red, green, blue) - min(red, green, blue)
    if chroma < GREY:  # by a power, so that middle greys stay legible
        lightness = DARK_INK - (DARK_INK - DARK_PAPER) * lightness**1.5
    else:
        lightness = DARK_TINT if lightness > PALE else DARK_COLOUR + (1 - DARK_COLOUR) * lightness
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation))


def _labels(root: ElementTree.Element) -> Iterator[str]:
    """The words of a picture, each once; matplotlib notes each text beside its outlines."""
    seen: set[str] = set()
    for comment in (node for node in root.iter() if not isinstance(node.tag, str)):
        text = " ".join((comment.text or "").replace("\\-", "-").split())
        if re.search(r"[A-Za-z]{2}", text) and not text.startswith("$") and text not in seen:
            seen.add(text)
            yield text


def _short(value: str) -> str:
    """Numbers with the digits that a screen can show, commands of a path without the spaces around them."""
    value = re.sub(r"-?\d+\.\d+(?:e-?\d+)?", _rounded, value)
    return re.sub(r"\s*([MLQCz])\s*", r"\1", value) if value.startswith("M") else value


def _rounded(match: re.Match[str]) -> str:
    number = float(match[0])
    text = f"{number:.2f}" if abs(number) >= 1 else f"{number:.4f}"
    return text.rstrip("0").rstrip(".")


def _with_id(markup: str, name: str) -> str:
    return re.sub(r"^<(\w+)", rf'<\1 id="{name}"', markup, count=1)
