"""Figures of residuals and participation ratios show the numbers of their tables."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from evaluation_doubles import PARAMS
from figure_doubles import WORDS

from hrm.cli import main
from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.claims_file import read_claims
from hrm.report.figures import participation as figure_participation
from hrm.report.figures import residuals as figure_residuals


def tables(root: Path, variant: str, states: list[str]) -> Path:
    folder = root / "sudoku" / variant / "seed0" / "raw"
    folder.mkdir(parents=True)
    curves = ["weights,state,step,segment,cycle,residual,residual_low,residual_high,relative"]
    paths = ["puzzle,state,step,segment,cycle,component_1,component_2,component_3"]
    ratios = ["weights,samples,state,trajectories,ratio,ratio_low,ratio_high"]
    for place, state in enumerate(states):
        for step in (1, 2, 3):
            curves.append(f"untrained,{state},{step},1,1,9,8,10,1")
            curves.append(f"trained,{state},{step},1,1,{4 / step},{3 / step},{5 / step},1")
            paths += [f"{puzzle},{state},{step},1,1,{step},{puzzle},0" for puzzle in (0, 1)]
        for count in (2, 100):
            ratios.append(f"trained,positions,{state},{count},{count + place},1,200")
            ratios += [f"untrained,positions,{state},{count},5,4,6", f"trained,mean,{state},{count},7,6,8"]
    for name, lines in (("residuals", curves), ("trajectories", paths), ("participation", ratios)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    return [tables(tmp_path, "hrm", ["H", "L"]), tables(tmp_path, "rnn", ["core"])]


def test_a_column_a_run_with_curves_above_the_paths_of_each_state(folders: list[Path]) -> None:
    with style.styled():
        figure = figure_residuals.draw(
            WORDS,
            [folder / "residuals.csv" for folder in folders],
            [folder / "trajectories.csv" for folder in folders],
        )
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown if axes.get_title()] == [
        "HRM\nraw weights",
        "recurrent network\nraw weights",
    ]
    assert len(shown) == 2 + 3  # two curves, the paths of H, L and the recurrent network
    high = next(line for line in shown[0].lines if line.get_color() == style.BLUE and line.get_linestyle() == "-")
    np.testing.assert_allclose(np.asarray(high.get_ydata()), [4.0, 2.0, 4 / 3])
    assert shown[0].get_yscale() == "log"


def test_participation_shows_positions_and_the_published_values_where_they_apply(folders: list[Path]) -> None:
    published = figure_participation.published_ratios(read_claims(PARAMS / "claims.yaml"))
    assert published["sudoku", "hrm"] == {"H": 89.95, "L": 30.22}
    with style.styled():
        figure = figure_participation.draw(
            WORDS, [folder / "participation.csv" for folder in folders], PARAMS / "claims.yaml"
        )
    first, second = figure.axes[:2]

    def values(axes: object, colour: str, line_style: str) -> list[list[float]]:
        lines = [line for line in axes.lines if (line.get_color(), line.get_linestyle()) == (colour, line_style)]  # type: ignore[attr-defined]
        return [list(line.get_ydata()) for line in lines if len(line.get_ydata())]

    assert values(first, style.BLUE, "-") == [[2, 100]] and values(first, style.VERMILLION, "-") == [[3, 101]]
    assert values(first, style.BLUE, ":") == [[5, 5]]
    assert values(second, style.GREEN, "-") == [[2, 100]]
    # Published ratios are of the full-size network: in words, of the network that has them, on no axis.
    assert not any(values(axes, colour, "--") for axes in (first, second) for colour in (style.BLUE, style.VERMILLION))
    notes = " ".join(figure.legends[0].get_title().get_text().split())
    assert "published, full size: HRM 89.95 ($z_H$) and 30.22 ($z_L$)" in notes and "recurrent" not in notes


@pytest.mark.parametrize("figure", ["residuals", "participation"])
def test_the_command_draws_equal_files_and_refuses_broken_tables(
    folders: list[Path], tmp_path: Path, capfd: pytest.CaptureFixture[str], figure: str
) -> None:
    def render(out: Path) -> int:
        arguments = ["render", figure, "--params", str(PARAMS), "--out", str(out)]
        arguments += ["--tables", *(str(folder / f"{figure}.csv") for folder in folders)]
        if figure == "residuals":
            arguments += ["--trajectories", *(str(folder / "trajectories.csv") for folder in folders)]
        return main(arguments)

    assert render(tmp_path / "a") == 0 and render(tmp_path / "b") == 0
    for suffix in (".svg", ".png"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    table = folders[0] / f"{figure}.csv"
    table.write_text(table.read_text().replace("state", "status", 1))
    assert render(tmp_path / "c") == 2
    error = capfd.readouterr().err.strip()
    assert "lacks the columns state" in error and len(error.splitlines()) == 1 and not (tmp_path / "c.svg").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [(lambda paths: paths[:1], "different runs"), (lambda paths: paths * 3, "at most 5")],
)
def test_runs_that_do_not_go_together_are_refused(
    folders: list[Path], change: Callable[[list[Path]], list[Path]], words: str
) -> None:
    residuals = [folder / "residuals.csv" for folder in folders]
    trajectories = [folder / "trajectories.csv" for folder in folders]
    with pytest.raises(DataError, match=words):
        figure_residuals.draw(WORDS, change(residuals), trajectories)
