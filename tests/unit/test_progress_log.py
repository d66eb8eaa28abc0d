"""What a run of the pipeline says: names of jobs and the time that is left."""

import pytest

from snakemake_logger_plugin_hrm import in_words, name_of, time_left


def test_jobs_are_named_as_a_person_names_them() -> None:
    run = {"task": "sudoku", "variant": "hrm", "seed": "0", "key": "abc", "scale": "smoke"}
    assert name_of("train", run) == "train sudoku/hrm seed 0"
    assert name_of("generate_shard", {"task": "boards", "shard": "1"}) == "generate shard boards part 1"
    assert name_of("draw", {"name": "main_chart"}) == "draw main_chart"
    assert name_of("publish", {}) == "publish"


def test_the_time_left_goes_by_the_rules_own_means_and_by_how_many_jobs_run_at_a_time() -> None:
    assert time_left({"train": 3}, {}, 1.0) is None
    assert time_left({"train": 4}, {"train": [10.0, 10.0]}, 20.0) == pytest.approx(40.0)
    assert time_left({"train": 4}, {"train": [10.0, 10.0]}, 10.0) == pytest.approx(20.0)  # two at a time
    assert time_left({"draw": 2}, {"train": [10.0]}, 10.0) == pytest.approx(20.0)
    assert time_left({"train": 0}, {"train": [10.0]}, 10.0) == 0.0


@pytest.mark.parametrize(("seconds", "words"), [(12.0, "12 s"), (150.0, "2 min"), (5400.0, "1.5 h")])
def test_times_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
