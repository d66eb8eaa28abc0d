"""Figures inside the page: nothing that runs, nothing twice, legible on dark as on light."""

import colorsys
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.page.drawings import Drawings, in_dark
from hrm.report.page.pictures import embed

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="72pt" height="36pt" '
    'viewBox="0 0 72 36">{}</svg>'
)
PAGE = "#1a1a1a"


def drawn(folder: Path, content: str) -> Path:
    path = folder / "figure.svg"
    path.write_text(SVG.format(content))
    return path


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    with style.styled():
        figure = Figure(figsize=(2, 1))
        axes = figure.subplots()
        axes.bar([0, 1], [1.0, 2.0], hatch="//", color=style.BLUE)
        axes.plot([0, 1], [1.23456789, 2.0], "o", color=style.ORANGE)
        axes.set_title("a title, twice")
        axes.set_xlabel("steps")
        axes.text(0, 0, "a title, twice")
        style.save(figure, tmp_path / "chart")
    return tmp_path / "chart.svg"


def test_each_reference_leads_to_a_definition_and_no_digits_are_wasted(chart: Path) -> None:
    drawings = Drawings()
    drawing = drawings.add(chart, on_paper=False)
    markup = f"<svg>{drawings.shared()}{drawing.content}</svg>"
    root = ElementTree.fromstring(markup)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    referred = {element.get("href", "#")[1:] for element in root.iter("use")} | set(
        re.findall(r"url\(#(\w+)\)", markup)
    )
    referred |= set(re.findall(r"url\(#(\w+)\)", drawings.style()))
    assert referred <= set(ids) and len(referred) > 10
    assert {element.get("class") for element in root.iter()} - {None} <= set(
        re.findall(r"^\.(\w+)\{", drawings.style(), re.MULTILINE)
    )
    assert not re.search(r"\d\.\d{5}", markup)
    assert len(markup) < 0.6 * chart.stat().st_size
    assert drawing.labels == ["steps", "a title, twice"]
    assert (drawing.width, drawing.height) == (250, 125)  # 2 x 1 inches of 96 pixels, enlarged


def test_a_figure_that_is_shown_again_is_a_reference_and_equal_parts_are_kept_once(chart: Path) -> None:
    drawings = Drawings()
    first, again = (drawings.add(chart, on_paper=False) for _ in range(2))
    assert re.fullmatch(r'<use href="#(\w+)"/>', again.content)
    assert first.content.startswith(f'<g id="{again.content[12:-3]}">')
    shared = drawings.shared()
    copy = chart.with_name("copy.svg")
    copy.write_bytes(chart.read_bytes())
    drawings.add(copy, on_paper=False)
    assert drawings.shared() == shared
    assert "var(--0072b2)" in drawings.style()
    paper = Drawings()
    paper.add(chart, on_paper=True)
    assert "var(" not in paper.style() and style.BLUE.lower() in paper.style()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ('<foreignObject><b xmlns="http://www.w3.org/1999/xhtml">x</b></foreignObject>', "<foreignObject>"),
        ('<a href="https://example.org"><path d="M 0 0"/></a>', "<a>"),
        ('<use xlink:href="https://example.org/a.svg#b"/>', "which is not there"),
        ('<image xlink:href="https://example.org/a.png"/>', "it shows"),
        ('<path d="M 0 0" style="fill: url(https://example.org)"/>', "it has the style"),
        ('<path d="M 0 0" style="fill: red}} body {{display: none"/>', "it has the style"),
        ('<path d="M 0 0" clip-path="url(#nowhere)"/>', "'nowhere', which is not there"),
    ],
)
def test_what_no_figure_of_ours_holds_is_one_line(tmp_path: Path, content: str, words: str) -> None:
    path = drawn(tmp_path, content.replace("{{", "{").replace("}}", "}"))
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        embed(path, "report.yaml", Drawings(), on_paper=False)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_attributes_that_run_something_are_left_out(tmp_path: Path) -> None:
    path = drawn(tmp_path, '<g onclick="alert(1)" id="x"><path d="M 0 0 L 1 1" onload="alert(2)"/></g>')
    assert Drawings().add(path, on_paper=False).content == '<g id="f0"><path d="M0 0L1 1"/></g>'


@pytest.mark.parametrize("colour", [*style.SERIES, style.GREY, "#000000", "#3a3a3a"])
def test_colours_of_lines_and_words_are_legible_on_the_dark_page(colour: str) -> None:
    assert contrast(in_dark(colour), PAGE) > 4.5


def test_dark_mode_keeps_hues_apart_and_turns_paper_into_the_page() -> None:
    assert in_dark("#ffffff") == PAGE
    assert contrast(in_dark("#e4e4e4"), PAGE) < 2  # lines of a grid stay in the background
    assert contrast(in_dark("#cfe6f5"), PAGE) < 2  # tints, too
    lifted = [in_dark(colour) for colour in style.SERIES]
    assert len(set(lifted)) == len(style.SERIES)
    for before, after in zip(style.SERIES, lifted, strict=True):
        if before != style.BLACK:
            assert hue(before) == pytest.approx(hue(after), abs=0.01)


def hue(colour: str) -> float:
    return colorsys.rgb_to_hls(*(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)))[0]


def contrast(one: str, other: str) -> float:
    """By WCAG 2."""
    lights = []
    for colour in (one, other):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        lights.append(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)
