"""Contact sheets: the right examples, drawn as they are, in files that need nothing from outside."""

import base64
import re
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.figure import Figure

from helpers import tiny_dataset
from hrm.cli import main
from hrm.core.errors import DataError
from hrm.data.dataset import Dataset, DatasetInfo, Split, save_dataset, single_examples
from hrm.data.samples import samples, spread
from hrm.data.sudoku.plan import augmentation_plan
from hrm.report import style
from hrm.report.contact_sheet import caption, sheet
from hrm.report.drawings import ARC_COLOURS, drawing, rating_text

SUDOKU = {"box_height": 2, "box_width": 2}


def described(base: Dataset, train: Split, test: Split, **changes: object) -> Dataset:
    counts = {"train_examples": len(train.inputs), "test_examples": len(test.inputs)}
    return Dataset(base.info.model_copy(update={**counts, **changes}), train, test)


def sudoku(count: int = 40) -> Dataset:
    base = tiny_dataset(count)
    rating = np.arange(count, dtype=np.int32)[::-1].copy()
    plan = augmentation_plan(3, count, 5, True, 2, 2)
    inputs, labels = base.train.inputs, base.train.labels
    train = single_examples(inputs, labels, rating, plan)
    return described(base, train, single_examples(inputs, labels, rating, plan[:, :0]))


def stored(dataset: Dataset, folder: Path) -> Path:
    facts = dataset.info.model_dump(exclude={"train_examples", "test_examples", "sha256"})
    save_dataset(folder, dataset.train, dataset.test, facts)
    return folder


def drawn(family: str, tokens: list[list[int]], given: list[list[int]] | None = None, **generator: int) -> Figure:
    figure = Figure()
    grid = np.array(tokens)
    drawing(family, generator)(figure.add_subplot(), grid, grid if given is None else np.array(given), 1.6)
    return figure


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def cell_colours(figure: Figure) -> np.ndarray:
    (mesh,) = [part for part in figure.axes[0].collections if isinstance(part, QuadMesh)]
    return np.asarray(mesh.get_array())


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 99))
def test_samples_are_spread_over_difficulty(total: int, count: int, seed: int) -> None:
    rating = np.random.default_rng(seed).integers(0, 9, total).astype(np.int32)
    rows = spread(rating, count, np.random.default_rng(seed))
    assert len(rows) == len(set(rows)) == min(total, count)
    found = rating[rows]
    assert (np.diff(found) >= 0).all()
    ordered = np.sort(rating)
    for place, value in enumerate(found):
        low, high = place * total // len(rows), (place + 1) * total // len(rows)
        assert ordered[low] <= value <= ordered[min(high, total - 1)]


def test_samples_come_with_a_planned_augmentation_that_is_not_the_identity() -> None:
    shown = samples(sudoku(), 6, 0)
    assert [sample.split for sample in shown] == ["train"] * 6 + ["test"] * 6
    for sample in shown[:6]:
        assert sample.augmented is not None
        assert (sample.augmented.inputs > 1).sum() == (sample.pair.inputs > 1).sum()
        assert sorted(np.bincount(sample.augmented.labels)) == sorted(np.bincount(sample.pair.labels))
    assert any((sample.augmented.labels != sample.pair.labels).any() for sample in shown[:6] if sample.augmented)
    assert all(sample.augmented is None for sample in shown[6:])
    assert str(samples(sudoku(), 6, 0)) == str(shown)
    assert str(samples(sudoku(), 6, 1)) != str(shown)


def test_captions_name_example_group_and_difficulty() -> None:
    dataset = sudoku()
    named = described(dataset, dataset.train, dataset.test, group_names={"train": [f"t{i}" for i in range(40)]})
    sample = samples(named, 1, 0)[0]
    assert caption(named.info, sample) == (
        f"training example {sample.number + 1} of 40 (t{sample.number}, {39 - sample.number} guesses)"
    )
    assert rating_text("maze", 1) == "1 step"
    assert rating_text("other", 1200) == "rating 1,200"


def test_sudoku_shows_digits_and_tells_clues_from_solution() -> None:
    question, answer = [[1, 3], [2, 1]], [[2, 3], [2, 3]]
    assert texts(drawn("sudoku", question, box_height=1, box_width=2)) == ["2", "1"]
    figure = drawn("sudoku", answer, question, box_height=1, box_width=2)
    assert texts(figure) == ["1", "2", "1", "2"]
    weights = [text.get_weight() for text in figure.axes[0].texts]
    assert weights == ["normal", "bold", "bold", "normal"]
    with pytest.raises(DataError, match="box_height"):
        drawing("sudoku", {})


def test_colour_grids_are_cropped_wherever_they_lie() -> None:
    figure = drawn("arc", [[0, 0, 0, 0], [0, 2, 5, 1], [0, 11, 3, 1], [0, 1, 1, 0]])
    assert cell_colours(figure).shape[:2] == (2, 2)
    assert texts(figure) == ["3", "9", "1"]
    assert np.allclose(cell_colours(figure)[0, 1][:3], [int(ARC_COLOURS[3][i : i + 2], 16) / 255 for i in (1, 3, 5)])
    assert texts(drawn("arc", [[0, 0], [0, 0]])) == ["empty"]


def test_mazes_show_walls_path_and_both_ends() -> None:
    figure = drawn("maze", [[1, 3, 5], [2, 1, 4]])
    assert texts(figure) == ["S", "G"]
    colours = cell_colours(figure)
    assert colours[0, 0].max() < 0.3
    assert colours[1, 0].min() == 1.0
    assert len(np.unique(colours.reshape(6, -1), axis=0)) == 5


def segments(figure: Figure) -> list[set[frozenset[tuple[float, float]]]]:
    found = [part for part in figure.axes[0].collections if isinstance(part, LineCollection)]
    return [{frozenset(map(tuple, line.tolist())) for line in part.get_segments()} for part in found]


def test_lattice_mazes_show_walls_between_cells_and_the_way_in_the_label() -> None:
    # Two rows of two; only the wall below the upper left cell is there. S upper left, then right, down, left to G.
    up, down, left, right = 1, 2, 4, 8
    openings = [[right, left | down], [right, up | left]]
    question = [[1 + openings[0][0] + 16, 1 + openings[0][1]], [1 + openings[1][0] + 32, 1 + openings[1][1]]]
    figure = drawn("lattice", question)
    assert texts(figure) == ["S", "G"]
    (walls,) = segments(figure)
    assert frozenset({(0.0, 1.0), (1.0, 1.0)}) in walls
    inner = [line for line in walls if len(line) == 2 and all(0 < (x + y) < 4 for x, y in line)]
    assert frozenset({(1.0, 0.0), (1.0, 1.0)}) not in inner
    assert frozenset({(1.0, 1.0), (2.0, 1.0)}) not in inner
    _, way = segments(drawn("lattice", [[4, 2], [0, 3]], question))
    assert way == {
        frozenset({(0.5, 0.5), (1.5, 0.5)}),
        frozenset({(1.5, 0.5), (1.5, 1.5)}),
        frozenset({(1.5, 1.5), (0.5, 1.5)}),
    }


def test_any_other_family_is_drawn_as_numbers() -> None:
    assert texts(drawn("unheard_of", [[0, 7], [12, 1]])) == ["7", "12", "1"]


def test_two_examples_share_a_row_where_none_is_augmented() -> None:
    dataset = sudoku()
    with style.styled():
        figure = sheet(dataset.info, samples(dataset, 3, 0))
    titles = [axes.get_title() for axes in figure.findobj(Axes)]
    assert len(figure.subfigs) == 3 + 2
    assert titles.count("input") == 6
    assert titles.count("label, augmented") == 3


def test_command_writes_a_sheet_and_a_page_that_needs_no_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = stored(sudoku(), tmp_path / "data")
    options = ["show", str(data), "--examples", "2", "--rows", "1"]
    assert main([*options, "--out", str(tmp_path / "out")]) == 0
    assert main([*options, "--out", str(tmp_path / "again")]) == 0
    for name in ("contact_sheet.png", "contact_sheet.html"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    text = (tmp_path / "out/contact_sheet.html").read_text()
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert len(pictures) == text.count("<figure>") == 4
    for picture in pictures:
        png = base64.b64decode(picture)
        assert png.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", png[16:24])
        assert width > height > 200
    rest = re.sub(r"base64,[^\"]+", "", text)
    assert not re.search(r"https?:|//|url\(|@import|<link|<iframe|src=\"(?!data:)", rest.replace("</", ""))
    for word in ("ArrowRight", "ArrowLeft", 'id="on"', 'id="back"', "40 training and 40 test examples"):
        assert word in rest
    assert rest.count('alt="training example') == 2


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to read the script")
def test_the_pages_script_is_valid(tmp_path: Path) -> None:
    from hrm.report.contact_page import page

    script = re.search(r"<script>(.*)</script>", page("t", "f", [("a", b"x")]), re.DOTALL)
    assert script
    (tmp_path / "script.js").write_text(script[1])
    subprocess.run(["node", "--check", str(tmp_path / "script.js")], check=True)


def test_captions_are_escaped() -> None:
    from hrm.report.contact_page import page

    text = page("a<b", "1 & 2", [('<script>"', b"x")])
    assert "a&lt;b" in text
    assert "1 &amp; 2" in text
    assert '<script>"' not in text


def test_empty_and_missing_data_sets_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = tiny_dataset()
    nothing = single_examples(*(np.zeros((0, 16), np.uint8),) * 2, np.zeros(0, np.int32), np.zeros((0, 0), np.int64))
    empty = stored(described(base, nothing, nothing), tmp_path / "empty")
    for folder, message in ((empty, "holds no examples"), (tmp_path / "none", "cannot be read")):
        assert main(["show", str(folder), "--out", str(tmp_path / "out")]) == 2
        assert message in capsys.readouterr().err
    assert main(["show", str(empty), "--out", str(tmp_path / "out"), "--rows", "0"]) == 2
    assert not (tmp_path / "out").exists()


def test_one_split_alone_is_shown(tmp_path: Path) -> None:
    base = sudoku(5)
    nothing = Split(*(array[:0] for array in base.train.arrays().values()))
    dataset = described(base, nothing, base.test)
    assert isinstance(dataset.info, DatasetInfo)
    assert main(["show", str(stored(dataset, tmp_path / "d")), "--out", str(tmp_path / "o"), "--examples", "1"]) == 0
