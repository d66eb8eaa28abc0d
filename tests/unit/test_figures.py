import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from evaluation_doubles import PARAMS
from figure_doubles import HISTORY, WORDS, histories, segment_tables
from film_doubles import steps
from matplotlib.figure import Figure
from vote_doubles import vote_tables

from hrm.cli import main
from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.figures import curves, difficulty, memory, routing, segments, votes
from hrm.report.figures import steps as figure_steps
from hrm.report.film import read_film

CLAIMS = PARAMS / "claims.yaml"


def dataset_info() -> dict[str, Any]:
    def rating(counts: list[int]) -> dict[str, Any]:
        edges = [0, 1, 2, 4, 8, 16][: len(counts) + 1]
        histogram = {"edges": edges, "counts": counts}
        return {"rating": {"minimum": 2, "mean": 4.5, "maximum": 15, "histogram": histogram}}

    return {"family": "sudoku", "statistics": {"train": rating([0, 0, 5, 5]), "test": rating([0, 0, 10, 20, 10])}}


def routing_tables(root: Path, variant: str = "pointer", player: str = "raw") -> list[Path]:
    """Two refinements, one block, two heads: routes of 80 and 60 %, attention of (10, 30) and (20, 40) %."""
    path = root / "lattice_mazes" / variant / "seed0" / player / "routing.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["kind,segment,refinement,block,head,choices,weight,entropy,share"]
    for refinement, routes, heads in ((1, 0.8, (0.1, 0.3)), (2, 0.6, (0.2, 0.4))):
        lines.append(f"routing,1,{refinement},1,,2,,{routes},{routes}")
        lines += [f"routing,1,{refinement},1,{head},2,0.5,," for head in (1, 2)]
        lines += [f"attention,1,{refinement},1,{head},9,,1,{share}" for head, share in enumerate(heads, 1)]
    path.write_text("\n".join(lines) + "\n")
    return [path]


def memory_table(root: Path, peak: str = "") -> Path:
    """Two rules at two numbers of cycles; 1 MiB a call that carries a gradient."""
    path = root / "memory.csv"
    lines = ["rule,high_cycles,low_cycles,module_calls,gradient_calls,saved_bytes,peak_bytes"]
    lines += [f"one_step,{c},2,{3 * c},2,{2 * 2**20},{peak}" for c in (1, 2)]
    lines += [f"full,{c},2,{3 * c},{3 * c},{3 * c * 2**20},{peak}" for c in (1, 2)]
    path.write_text("\n".join(lines) + "\n")
    return path


def commands(root: Path) -> dict[str, list[str]]:
    (root / "dataset.json").write_text(json.dumps(dataset_info()))
    (root / "steps.json").write_text(json.dumps(steps()))
    return {
        "difficulty": ["--dataset", str(root / "dataset.json")],
        "curves": ["--histories", *map(str, histories(root))],
        "segments": ["--tables", *map(str, segment_tables(root)), "--params", str(PARAMS)],
        "steps": ["--steps", str(root / "steps.json")],
        "routing": ["--tables", *map(str, routing_tables(root))],
        "memory": ["--table", str(memory_table(root))],
        "votes": ["--tables", *map(str, vote_tables(root)), "--claims", str(CLAIMS), "--params", str(PARAMS)],
    }


@pytest.mark.parametrize("name", ["difficulty", "curves", "segments", "steps", "routing", "memory", "votes"])
def test_each_figure_is_written_twice_over_with_equal_bytes(tmp_path: Path, name: str) -> None:
    options = commands(tmp_path)[name]
    assert main(["render", name, *options, "--out", str(tmp_path / "a" / "figure")]) == 0
    with matplotlib.rc_context({"font.size": 20, "axes.grid": False}):  # the user's own settings
        assert main(["render", name, *options, "--out", str(tmp_path / "b" / "figure.svg")]) == 0
    suffixes = [*(["gif"] if name == "steps" else []), "pdf", "png", "svg"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [f"figure.{suffix}" for suffix in suffixes]
    for suffix in suffixes:
        first, second = ((tmp_path / folder / f"figure.{suffix}").read_bytes() for folder in "ab")
        assert first == second
    assert b"<dc:date>" not in (tmp_path / "a" / "figure.svg").read_bytes()


FIGURES: dict[str, Callable[[Path], Figure]] = {
    "difficulty": lambda root: difficulty.histogram(dataset_info(), "dataset.json"),
    "curves": lambda root: curves.draw(WORDS, histories(root)),
    "segments": lambda root: segments.draw(WORDS, segment_tables(root)),
    "steps": lambda root: figure_steps.strip(read_film(steps(), "steps.json")),
    "routing": lambda root: routing.draw(WORDS, routing_tables(root)),
    "memory": lambda root: memory.draw(WORDS, memory_table(root)),
    "votes": lambda root: votes.draw(WORDS, vote_tables(root), CLAIMS),
}


@pytest.mark.parametrize("name", FIGURES)
def test_letters_are_8_points_at_a_width_that_fits_a_page(tmp_path: Path, name: str) -> None:
    with style.styled():
        figure = FIGURES[name](tmp_path)
    assert figure.get_figwidth() <= style.PAGE_WIDTH
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
    assert min(text.get_fontsize() for text in texts) >= 8


def test_routing_draws_each_block_and_head_thin_and_their_mean_thick(tmp_path: Path) -> None:
    with style.styled():
        routes, attention = routing.draw(WORDS, routing_tables(tmp_path)).axes
    assert [list(np.asarray(line.get_ydata())) for line in routes.lines] == [[80, 60], [80, 60]]
    *heads, mean = (list(np.asarray(line.get_ydata())) for line in attention.lines)
    assert np.sort(heads, axis=0) == pytest.approx(np.array([[10, 20], [30, 40]]))
    assert mean == pytest.approx([20, 30])


@pytest.mark.parametrize(
    ("players", "names", "title"),
    [
        (("raw", "raw"), ["pointer, BPTT", "pointer, learned gate"], "raw weights; thick: mean of all"),
        (("ema", "ema"), ["pointer, BPTT", "pointer, learned gate"], "averaged weights; thick: mean of all"),
        (
            ("ema", "raw"),
            ["pointer, BPTT, averaged weights", "pointer, learned gate, raw weights"],
            "thick: mean of all",
        ),
    ],
)
def test_routing_names_the_weights_of_its_networks(
    tmp_path: Path, players: tuple[str, str], names: list[str], title: str
) -> None:
    variants = zip(("pointer", "pointer_gated"), players, strict=True)
    with style.styled():
        (legend,) = routing.draw(WORDS, [routing_tables(tmp_path, *pair)[0] for pair in variants]).legends
    assert [text.get_text() for text in legend.get_texts()][:2] == names
    assert legend.get_title().get_text() == title


def test_networks_without_routes_have_a_panel_of_attention_alone(tmp_path: Path) -> None:
    (path,) = routing_tables(tmp_path)
    path.write_text("".join(line for line in path.open() if not line.startswith("routing")))
    with style.styled():
        (axes,) = routing.draw(WORDS, [path]).axes
    assert "attention" in axes.get_ylabel()


def test_segments_of_examples_that_halt_are_drawn_beside_all_segments(tmp_path: Path) -> None:
    (path,) = segment_tables(tmp_path)
    lines = path.read_text().splitlines()
    more = ["mean_steps,halting_accuracy,layers_a_segment", *(f"{k / 2 + 0.5},{k / 20},6" for k in range(1, 9))]
    path.write_text("\n".join(f"{line},{rest}" for line, rest in zip(lines, more, strict=True)) + "\n")
    with style.styled():
        taken, accuracy, computation = segments.draw(WORDS, [path]).axes
    mean = np.arange(1, 9) / 2 + 0.5
    assert list(np.asarray(taken.lines[1].get_ydata())) == list(mean)
    assert list(np.asarray(accuracy.lines[1].get_ydata())) == [5 * k for k in range(1, 9)]
    assert list(np.asarray(computation.lines[0].get_xdata())) == [6 * k for k in range(1, 9)]
    assert list(np.asarray(computation.lines[1].get_xdata())) == list(6 * mean)


def test_bars_of_difficulty_are_shares_of_each_split_and_skip_empty_first_bins() -> None:
    with style.styled():
        (axes,) = difficulty.histogram(dataset_info(), "dataset.json").axes
    for bars, total in zip(axes.containers, (10, 40), strict=True):
        assert sum(bar.get_height() for bar in bars) == pytest.approx(100)  # type: ignore[attr-defined]
        assert f"n = {total}" in str(bars.get_label())
    assert [text.get_text() for text in axes.get_xticklabels()] == ["2–3", "4–7", "8–15"]


def test_memory_has_a_line_a_rule_and_shows_the_peak_where_it_was_measured(tmp_path: Path) -> None:
    with style.styled():
        (saved,) = memory.draw(WORDS, memory_table(tmp_path)).axes
        (peak,) = memory.draw(WORDS, memory_table(tmp_path, peak=str(2**30))).axes
    full, one_step = saved.lines
    assert (list(np.asarray(full.get_ydata())), list(np.asarray(one_step.get_ydata()))) == ([3, 6], [2, 2])
    assert full.get_label() == "all" and str(one_step.get_label()).startswith("last 2")
    assert "kept" in saved.get_ylabel() and "peak" in peak.get_ylabel()
    assert list(np.asarray(peak.lines[0].get_ydata())) == [1024, 1024]


def test_a_split_without_puzzles_is_left_out_and_none_at_all_is_an_error() -> None:
    info = dataset_info()
    info["statistics"]["train"] = {"puzzles": 0}
    with style.styled():
        (axes,) = difficulty.histogram(info, "dataset.json").axes
    assert len(axes.containers) == 1
    with pytest.raises(DataError, match="holds no rating"):
        difficulty.histogram({"statistics": {}}, "dataset.json")


def test_curves_draw_every_seed_and_their_mean(tmp_path: Path) -> None:
    with style.styled():
        axes = curves.draw(WORDS, histories(tmp_path)).axes[1]
    *seeds, mean = (np.asarray(line.get_ydata()) for line in axes.lines)
    assert len(seeds) == 3
    assert mean == pytest.approx(np.mean(seeds, axis=0))


def test_segments_mark_the_trained_number_and_state_n(tmp_path: Path) -> None:
    with style.styled():
        single = segments.draw(WORDS, segment_tables(tmp_path)).axes[0]
        several = segments.draw(WORDS, segment_tables(tmp_path, 2)).axes[0]
    assert list(np.asarray(single.lines[-1].get_xdata())) == [2, 2]
    legend = segments.draw(WORDS, segment_tables(tmp_path)).legends[0]
    assert " ".join(legend.get_title().get_text().split()).split("; ") == [
        "n = 500 test puzzles",
        "raw weights",
        "1 seed",
        "bands: 95 % Wilson intervals",
    ]
    assert len(single.collections) == 1  # the Wilson band
    assert (len(several.collections), len(several.lines)) == (0, 2 + 1 + 1)


def test_a_table_in_the_folder_of_no_player_is_one_line_that_names_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = segment_tables(tmp_path, player="averaged")
    options = ["--tables", str(path), "--params", str(PARAMS)]
    assert main(["render", "segments", *options, "--out", str(tmp_path / "out" / "figure")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"{path}: is not of the form" in line and "PLAYER being raw, ema, untrained or chance" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("step,loss\n1,2\n", "lacks the columns"),
        (HISTORY + "\n", "must hold numbers|has no rows"),
        (HISTORY + "\n1,2,3,high,5,6,7,8,9\n", "loss must hold numbers"),
        ("", "not a CSV table"),
    ],
)
def test_a_broken_history_is_one_line(tmp_path: Path, content: str | None, words: str) -> None:
    (path,) = histories(tmp_path, 1)
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=words):
        curves.draw(WORDS, [path])


def test_bad_inputs_of_render_end_with_code_2_and_write_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.json").write_text("{}")
    other, out = str(tmp_path / "other.json"), str(tmp_path / "out" / "figure")
    assert main(["render", "steps", "--steps", other, "--out", out]) == 2
    assert main(["render", "difficulty", "--dataset", other, "--out", out]) == 2
    assert main(["render", "curves", "--histories", other, "--out", out]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 3
    assert not (tmp_path / "out").exists()
