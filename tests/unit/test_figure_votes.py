"""The figure of scores on ARC."""

from pathlib import Path

import numpy as np
import pytest
from evaluation_doubles import PARAMS
from figure_doubles import WORDS
from vote_doubles import vote_tables

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.figures import votes as figure_votes

CLAIMS = PARAMS / "claims.yaml"


def test_votes_show_every_run_and_the_published_value_of_those_that_have_one(tmp_path: Path) -> None:
    paths = vote_tables(tmp_path)
    for path in paths:
        path.with_name("metrics.json").write_text('{"parameters": 27275266}')
    with style.styled():
        growth, drivers = figure_votes.draw(WORDS, paths, CLAIMS).axes
    assert [list(np.asarray(line.get_ydata())) for line in growth.lines] == [[40, 60], [40, 60]]
    assert [text.get_text() for text in drivers.get_yticklabels()] == ["HRM", "HRM, 1 loop in training"]
    assert drivers.get_title(loc="left") == "raw weights; 1 seed"
    points = [(float(np.asarray(x.get_xdata())[0]), float(np.asarray(x.get_ydata())[0])) for x in drivers.lines]
    assert {(60, 0), (60, 1), (50, 0), (50, 1), (40.3, 0)} <= set(points)  # scores, interval ends, published HRM
    assert not [x for x, y in points if y == 1 and x not in (50, 60)]
    paths[0].with_name("metrics.json").write_text('{"parameters": 103106}')
    with style.styled():
        _, small = figure_votes.draw(WORDS, paths, CLAIMS).axes
    assert 40.3 not in [float(np.asarray(line.get_xdata())[0]) for line in small.lines]  # of a larger network
    (path, _) = vote_tables(tmp_path)
    path.write_text("\n".join(line for line in path.read_text().splitlines() if ",2,4," not in line) + "\n")
    with pytest.raises(DataError, match="no row with k = 2"):
        figure_votes.draw(WORDS, [path], CLAIMS)


def test_rows_of_different_weights_say_which_they_have(tmp_path: Path) -> None:
    paths = [vote_tables(tmp_path)[0], vote_tables(tmp_path, "ema")[1]]
    with style.styled():
        _, drivers = figure_votes.draw(WORDS, paths, CLAIMS).axes
    assert [text.get_text() for text in drivers.get_yticklabels()] == [
        "HRM, raw weights",
        "HRM, 1 loop in training, averaged weights",
    ]
    assert drivers.get_title(loc="left") == "1 seed"
