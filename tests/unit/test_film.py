from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from evaluation_doubles import write_tiny_dataset, write_tiny_model
from film_doubles import steps
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from PIL import Image

from hrm.data.dataset import load_dataset
from hrm.evaluation.evaluate import test_examples as examples_of
from hrm.evaluation.intermediate import earlier_answers
from hrm.report import film_panels, style
from hrm.report.figures import steps as figure_steps
from hrm.report.figures.steps import PAUSE_MILLISECONDS, save_animation
from hrm.report.film import Film, choose_frames, mark, read_film, settled_frame
from hrm.training.checkpoint import load_model


def with_earlier() -> dict[str, Any]:
    """The same with a step before each prediction, which is the prediction of the segment before."""
    known = steps()
    before = [known["input"], *known["predictions"][:-1]]
    return known | {"earlier_steps": [[cells] for cells in before]}


def frames_of(axes: Axes) -> list[tuple[float, float]]:
    return [patch.get_xy() for patch in axes.patches if isinstance(patch, Rectangle) and not patch.get_fill()]


def test_answers_between_segments_are_what_the_head_reads_and_end_with_the_models_answer(tmp_path: Path) -> None:
    info = write_tiny_dataset(tmp_path / "data", 5)
    write_tiny_model(tmp_path / "model.safetensors", info)
    model = load_model(tmp_path / "model.safetensors", "raw", torch.device("cpu"), False).model
    examples = examples_of(load_dataset(tmp_path / "data"), None, torch.device("cpu"))
    found = np.array(earlier_answers(model, examples, 3, 2, 4))
    assert found.shape == (2, model.params.high_cycles - 1, 16)
    # Cutting a segment after its first cycle gives the same answer: a model of one cycle has it as its last.
    short = load_model(tmp_path / "model.safetensors", "raw", torch.device("cpu"), False).model
    short.params = model.params.model_copy(update={"high_cycles": 1})
    with torch.inference_mode():
        inputs = examples.inputs[:4].long()
        _, logits, _ = short(short.initial_carry(4, inputs.device), inputs, examples.puzzle_ids[:4])
    assert (found[0, 0] == logits.argmax(dim=-1)[3].numpy()).all()


def test_the_last_step_of_each_segment_is_its_prediction() -> None:
    film = read_film(with_earlier(), "steps.json")
    assert [frame.place for frame in film.frames] == [(s, k) for s in (1, 2, 3, 4) for k in (1, 2)]
    assert (film.segments, film.steps) == (4, 2)
    last = [frame.cells.ravel().tolist() for frame in film.frames if frame.step == film.steps]
    assert last == with_earlier()["predictions"]
    assert all((frame.halt is None) == (frame.step == 1) for frame in film.frames)


def test_marks_say_what_is_new_right_and_wrong() -> None:
    target, given = np.array([[2, 3, 4, 0]]), np.array([[2, 1, 1, 1]])  # the first is given, the last is padding
    film = Film("sudoku", given, target, [], 1, 1, (1, 4), 0, 0, 1, "")
    before, shown = np.array([[2, 5, 4, 0]]), np.array([[3, 3, 5, 0]])
    marks = mark(film, shown, before)
    assert marks.new.tolist() == [[True, True, True, False]]
    assert marks.right.tolist() == [[False, True, False, False]]
    assert marks.wrong.tolist() == [[True, False, True, False]]
    first = mark(film, before, None)
    assert not first.new.any()
    assert first.right.tolist() == [[False, False, True, False]]  # given cells are right without saying so


def test_digits_are_coloured_and_shaped_by_their_marks() -> None:
    with style.styled():
        figure = figure_steps.strip(read_film(steps(), "steps.json"))
    puzzle, first, second = figure.axes[:3]
    looks = {text.get_position(): text for text in first.texts}
    wrong, right, given = (looks[column + 0.5, row + 0.53] for row, column in ((0, 0), (2, 2), (0, 1)))
    assert (wrong.get_color(), right.get_color(), given.get_color()) == (
        film_panels.WRONG,
        film_panels.RIGHT,
        "#000000",
    )
    assert (wrong.get_weight(), right.get_weight(), given.get_weight()) == ("normal", "bold", "normal")
    assert frames_of(first) == [(0.1, 0.1), (1.1, 1.1)]
    assert frames_of(second) == [(0.1, 0.1)]
    grounds = {patch.get_xy(): to_hex(patch.get_facecolor()) for patch in second.patches if patch.get_fill()}
    new = [place for place, colour in grounds.items() if colour == film_panels.NEW_GROUND.lower()]
    assert sorted(new) == [(0, 0), (1, 1)]
    assert len(second.collections[0].get_paths()) == 2  # the triangles of new cells
    assert not frames_of(puzzle)


def test_the_strip_shows_input_answers_and_target_with_their_places() -> None:
    with style.styled():
        titles = [axes.get_title().split("\n") for axes in figure_steps.strip(read_film(steps(), "steps.json")).axes]
        stepwise = [axes.get_title() for axes in figure_steps.strip(read_film(with_earlier(), "steps.json")).axes]
    assert titles[0] == ["input"]
    assert [title[:2] for title in titles[1:4]] == [
        ["segment 1", "2 wrong"],
        ["segment 2", "1 wrong"],
        ["segment 3", "solved"],
    ]
    assert titles[3][2] == "p(halt) 0.50"
    assert titles[4] == ["target"]
    assert stepwise[1] == "seg. 1, step 1\n3 wrong"
    assert stepwise[2].startswith("seg. 1, step 2\n2 wrong\np(halt)")


@pytest.mark.parametrize(
    ("weights", "words"), [("raw", "raw weights"), ("ema", "averaged weights"), (None, None), ("other", None)]
)
def test_the_strip_and_the_animation_name_the_weights_where_the_file_does(
    weights: str | None, words: str | None
) -> None:
    known = steps()
    del known["weights"]  # as in files of older evaluations
    film = read_film(known if weights is None else known | {"weights": weights}, "steps.json")
    with style.styled():
        strip, moving = figure_steps.strip(film), figure_steps.draw_moving(film, film.frames[0], None)
    expected = [", ".join(["Test puzzle 7 of 50", *([] if words is None else [words])]), "difficulty: 1 guess"]
    assert strip.get_suptitle().strip().split("\n") == expected
    assert moving.axes[0].get_title().split("\n") == expected


@pytest.mark.parametrize("family", ["maze", "lattice", "arc", "other"])
def test_other_families_count_only_cells_with_a_label(family: str) -> None:
    known = steps() | {"family": family, "box": None, "q_halt": None}
    known |= {"label": [0, *known["label"][1:]]}  # no answer for cell 0 is wrong
    with style.styled():
        figure = figure_steps.strip(read_film(known, "steps.json"))
    assert [axes.get_title() for axes in figure.axes[1:3]] == ["segment 1\n1 wrong", "segment 2\nsolved"]


def test_a_path_has_dots_where_it_is_right_crosses_where_wrong_and_rings_where_missing() -> None:
    wall, open_cell, start, goal, path = range(1, 6)
    given = np.array([[start, open_cell, open_cell], [wall, wall, open_cell], [wall, open_cell, goal]])
    target, shown = given.copy(), given.copy()
    target[0, 1] = target[0, 2] = target[1, 2] = path
    shown[0, 1] = shown[2, 1] = path
    facts = {"input": given, "label": target, "predictions": shown[None]}
    known = steps() | {"family": "maze", "box": None, "q_halt": None, "grid_shape": [3, 3]}
    with style.styled():
        answer = figure_steps.strip(
            read_film(known | {name: value.tolist() for name, value in facts.items()}, "steps.json")
        ).axes[1]
    right, missing, wrong = (dots for dots in answer.collections if isinstance(dots, PathCollection))
    assert np.asarray(right.get_offsets()).tolist() == [[1.5, 0.5]]
    assert np.asarray(missing.get_offsets()).tolist() == [[2.5, 0.5], [2.5, 1.5]]
    assert np.asarray(wrong.get_offsets()).tolist() == [[1.5, 2.5]]
    assert (len(right.get_facecolor()), len(missing.get_facecolor()), len(wrong.get_facecolor())) == (1, 0, 1)
    vertices = [len(dots.get_paths()[0].vertices) for dots in (right, missing, wrong)]
    assert vertices[0] == vertices[1] != vertices[2]  # a disc, a ring, a cross


def test_frames_to_print_are_those_that_changed_the_answer_up_to_the_settled_one() -> None:
    film = read_film(with_earlier(), "steps.json")
    assert settled_frame(film) == 5  # segment 3, step 2; segment 3, step 1 repeats segment 2
    assert choose_frames(film, 7) == [0, 1, 3, 5]
    assert choose_frames(film, 2) == [0, 5]
    unsolved = film._replace(target=film.target + 1)
    assert settled_frame(unsolved) is None
    assert choose_frames(unsolved, 7) == [0, 1, 3, 5, 7]


@pytest.mark.parametrize("panels", range(3, figure_steps.MOST_PANELS + 1))
def test_grids_fill_at_most_three_rows(panels: int) -> None:
    assert -(-panels // figure_steps.layout(panels)) <= 3


def test_an_animation_has_a_frame_a_step_rests_at_its_end_and_is_the_same_every_time(tmp_path: Path) -> None:
    film = read_film(steps(), "steps.json")
    for name in ("a.gif", "b.gif"):
        with style.styled():
            assert save_animation(film, tmp_path / name) == len(film.frames)
    durations = []
    with Image.open(tmp_path / "a.gif") as moving:
        for place in range(moving.n_frames):
            moving.seek(place)
            durations.append(moving.info["duration"])
        assert moving.info["loop"] == 0
    assert len(durations) == len(film.frames)
    assert durations[-1] == PAUSE_MILLISECONDS > max(durations[:-1])
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    assert (tmp_path / "a.gif").stat().st_size < 300_000


def test_an_animation_of_very_many_steps_has_a_frame_a_segment() -> None:
    film = read_film(with_earlier(), "steps.json")
    long = film._replace(frames=film.frames * 20)
    assert len(figure_steps.moving_frames(film)) == 8
    assert {frame.step for frame in figure_steps.moving_frames(long)} == {film.steps}
