"""A kind of figure is one module in its folder; all of them are drawn in words that a reader can see and read."""

import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from record_figures import WORDS, drawings

from helpers import PARAMS
from hrm.cli import main
from hrm.core.errors import ParameterError
from hrm.core.pipeline_schema import pipeline_params
from hrm.report import drawings as grid_drawings
from hrm.report import figures, film_panels, style
from hrm.report.comparison_schema import comparison_params
from hrm.report.figures import Input, figure_modules, suffixes

ROOT = PARAMS.parent
# Of results that have records in this checkout: those of a pipeline run need not be there.
RECORDS = {
    name: ROOT / "results" / name for name in ("smoke", "reference") if (ROOT / f"results/{name}/summary.csv").exists()
}
SCALES = {"smoke": "smoke", "reference": "gpu"}
TOY = """
from pathlib import Path

from hrm.report import style
from hrm.report.figures import Input

TITLE = "a toy"
CAPTION = "One line."
INPUTS = {"numbers": Input("a text file", file="numbers.txt")}


def draw(words, numbers: Path):
    figure = style.new_figure(style.COLUMN_WIDTH, 2.0)
    figure.add_subplot().plot([float(line) for line in numbers.read_text().split()], label=words.variant("hrm"))
    return figure
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A further folder of figures, with one module."""
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY)
    (folder / "_part.py").write_text("raise AssertionError('a part is no figure')")
    monkeypatch.setattr(figures, "__path__", [*figures.__path__, str(folder)])
    yield folder
    sys.modules.pop("hrm.report.figures.toy", None)


def test_a_new_figure_is_one_module(toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert figure_modules()["toy"].CAPTION == "One line." and "_part" not in figure_modules()
    (tmp_path / "numbers.txt").write_text("1 3 2")
    command = ["render", "toy", "--numbers", str(tmp_path / "numbers.txt"), "--params", str(PARAMS)]
    assert main([*command, "--out", str(tmp_path / "out" / "toy")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["toy.pdf", "toy.png", "toy.svg"]
    with pytest.raises(SystemExit):
        main(["render", "--help"])
    assert "a toy" in capsys.readouterr().out


def test_the_list_of_figures_is_read_without_what_draws_them() -> None:
    code = """
        import sys
        from hrm.report.figures import figure_modules
        print(all(module.CAPTION and module.INPUTS for module in figure_modules().values()))
        print([name for name in ("matplotlib", "pandas", "numpy", "torch") if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["True", "[]"]


def test_every_module_says_what_it_shows_and_is_drawn_from() -> None:
    modules = figure_modules()
    assert len(modules) >= 12
    for name, module in modules.items():
        assert module.TITLE and all(isinstance(wanted, Input) for wanted in module.INPUTS.values()), name
        sentences = module.CAPTION.count(". ") + 1
        assert module.CAPTION.endswith(".") and sentences <= 4 and len(module.CAPTION) < 600, name
        assert not set("{}_") & set(module.CAPTION.replace("params/", "")), name
    assert [name for name, module in modules.items() if ".gif" in suffixes(module)] == ["steps"]


def test_every_variant_and_task_of_the_pipeline_has_words() -> None:
    pipeline, labels = pipeline_params(PARAMS), comparison_params(PARAMS).labels
    variants = {name for experiment in pipeline.experiments.values() for name in experiment.variants}
    tasks = {name for experiment in pipeline.experiments.values() for name in experiment.tasks}
    assert variants <= labels.variants.keys() and tasks | set(pipeline.datasets) <= labels.tasks.keys()
    assert not [label for table in (labels.variants, labels.tasks) for label in table.values() if "_" in label]
    metrics = {metric for study in comparison_params(PARAMS).aggregates.values() for metric in study.metrics}
    assert metrics <= labels.metrics.keys()
    assert WORDS.variant("a_new_one") == "a new one"  # nobody has to write a label before he sees a figure


def test_two_variants_with_the_same_words_are_refused(tmp_path: Path) -> None:
    text = (PARAMS / "comparisons.yaml").read_text()
    assert "hrm_bptt: " in text
    for folder in ("tasks", "variants"):
        (tmp_path / folder).symlink_to(PARAMS / folder)
    (tmp_path / "comparisons.yaml").write_text(text.replace('hrm_bptt: "HRM, BPTT"', "hrm_bptt: HRM"))
    with pytest.raises(ParameterError, match=r"comparisons.yaml: labels.*'HRM' twice"):
        comparison_params(tmp_path)


def contrast(colour: str) -> float:
    """To white, by WCAG 2."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 1.05 / (0.05 + sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)))


def test_lines_and_marks_can_be_seen_on_white() -> None:
    assert contrast("#000000") == pytest.approx(21) and contrast("#FFFFFF") == pytest.approx(1)
    marks = [film_panels.RIGHT, film_panels.WRONG, film_panels.NEW, film_panels.PLAIN]
    path = grid_drawings.MAZE_COLOURS[grid_drawings.PATH]
    for colour in (*style.SERIES, style.GREY, *marks, path):
        assert contrast(colour) >= 3, colour
    looks = [tuple(style.look_of(index).items()) for index in range(4 * len(style.SERIES))]
    assert len(set(looks)) == len(looks)


def texts_of(figure: Figure) -> Iterable[Text]:
    """What is written and seen, but for letters in cells, which are meant to lie on what they name."""
    for axes in figure.axes:
        if axes.get_visible() and axes.axison:
            yield from (axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label)  # type: ignore[attr-defined]
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                yield from (tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high)
    yield from figure.texts


def faults(figure: Figure) -> list[str]:
    """Texts that are cut by the edge of the figure, legends that cover anything, and names with underscores."""
    figure.draw_without_rendering()
    page, found = figure.bbox, []
    legends = [legend.get_window_extent() for legend in figure.legends]
    for text in texts_of(figure):
        if text.get_text() and text.get_visible():
            box = text.get_window_extent()
            if box.x0 < page.x0 - 1 or box.x1 > page.x1 + 1 or box.y0 < page.y0 - 1 or box.y1 > page.y1 + 1:
                found.append(f"cut: {text.get_text()!r}")
            if any(box.overlaps(legend) for legend in legends):
                found.append(f"under the legend: {text.get_text()!r}")
    for axes in figure.axes:
        assert not isinstance(axes.get_legend(), Legend), "legends stand outside the axes"
        if axes.get_visible() and any(axes.get_window_extent().overlaps(legend) for legend in legends):
            found.append("a legend lies over a panel")
    for legend in figure.legends:
        box = legend.get_window_extent()
        if box.x0 < page.x0 - 1 or box.x1 > page.x1 + 1 or box.y0 < page.y0 - 1 or box.y1 > page.y1 + 1:
            found.append("the legend is cut")
    legend_texts = [text for legend in figure.legends for text in (*legend.get_texts(), legend.get_title())]
    for text in (*texts_of(figure), *legend_texts):
        if "_" in text.get_text().replace("$z_H$", "").replace("$z_L$", ""):
            found.append(f"no words: {text.get_text()!r}")
    return found


@pytest.mark.parametrize("results", RECORDS)
def test_every_figure_of_the_records_is_drawn_in_words_that_nothing_covers(results: str, tmp_path: Path) -> None:
    kinds = set()
    for name, draw in drawings(RECORDS[results], SCALES[results], tmp_path):
        with style.styled():
            figure = draw()
        assert figure.get_figwidth() <= style.PAGE_WIDTH
        assert faults(figure) == [], name
        kinds.add(name.rpartition("_")[2])
    assert kinds >= {"chart", "aggregates", "curves", "segments", "participation", "residuals", "steps"}
    assert results == "smoke" or kinds >= {"votes", "difficulty"}
