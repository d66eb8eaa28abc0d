"""Results from other files than metrics.json: memory, bands of difficulty, data sets."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import PARAMS
from hrm.cli import main
from hrm.core.errors import DataError
from hrm.core.schema import evaluation_params
from hrm.report.comparison_schema import BandParams, comparison_params
from hrm.report.data_rows import data_rows
from hrm.report.other_rows import band_runs, memory_rows
from hrm.report.summary import read_summary

BINS = [(0, 4), (5, 9), (10, 19), (20, None)]
BAND = {"moderate": BandParams(task="sudoku", least=5, most=19)}


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def difficulty(folder: Path, counts: list[tuple[int, int]], task: str = "sudoku", player: str = "raw") -> Path:
    """difficulty.csv of (examples, solved) in BINS."""
    rows = [
        {
            "rating_from": low,
            "rating_to": "" if high is None else high,
            "examples": n,
            "exact_accuracy": round(k / n, 6),
        }
        for (low, high), (n, k) in zip(BINS, counts, strict=True)
        if n
    ]
    return write_csv(folder / task / "hrm" / "seed0" / player / "difficulty.csv", rows)


COUNTS = st.tuples(st.integers(0, 3000), st.floats(0, 1)).map(lambda pair: (pair[0], round(pair[0] * pair[1])))


@settings(max_examples=20)
@given(st.lists(COUNTS, min_size=4, max_size=4).filter(lambda counts: any(n for n, _ in counts)))
def test_a_band_is_the_share_of_all_its_examples(
    tmp_path_factory: pytest.TempPathFactory, counts: list[tuple[int, int]]
) -> None:
    path = difficulty(tmp_path_factory.mktemp("band"), counts)
    found = band_runs([path], BAND, 0.95)
    examples, solved = (sum(count[place] for count in counts[1:3]) for place in (0, 1))
    assert set(found) == {"raw"}
    if not examples:
        assert found["raw"] == {}
        return
    metrics = found["raw"]["sudoku", "hrm"]["seed0"]
    assert metrics["exact_accuracy_moderate"] == pytest.approx(solved / examples)
    assert metrics["examples_moderate"] == examples
    low, high = (metrics[f"exact_accuracy_moderate_{end}"] for end in ("low", "high"))
    assert low - 1e-9 <= solved / examples <= high + 1e-9


def test_other_tasks_have_no_band_and_a_bin_across_its_edge_is_refused(tmp_path: Path) -> None:
    counts = [(10, 5)] * 4
    assert band_runs([difficulty(tmp_path, counts, "boards")], BAND, 0.95) == {"raw": {}}
    path = difficulty(tmp_path, counts)
    with pytest.raises(DataError, match=r"the bin from 10 is only partly in moderate, 5 to 15"):
        band_runs([path], {"moderate": BandParams(task="sudoku", least=5, most=15)}, 0.95)
    with pytest.raises(ValueError, match="must not be above most"):
        BandParams(task="sudoku", least=5, most=4)


def test_bands_of_both_weights_are_kept_apart_and_a_table_of_nobody_is_refused(tmp_path: Path) -> None:
    raw, ema = ((10, 5), (10, 2), (10, 3), (10, 0)), ((10, 5), (10, 9), (10, 10), (10, 0))
    paths = [difficulty(tmp_path, list(raw)), difficulty(tmp_path, list(ema), player="ema")]
    found = band_runs(paths, BAND, 0.95)
    shares = {player: runs["sudoku", "hrm"]["seed0"]["exact_accuracy_moderate"] for player, runs in found.items()}
    assert shares == {"raw": 0.25, "ema": 0.95}
    with pytest.raises(DataError, match=r"seed0/difficulty.csv: must lie in a folder raw, ema, untrained or chance"):
        band_runs([difficulty(tmp_path, list(raw), player="")], BAND, 0.95)
    with pytest.raises(DataError, match=r"averaged/difficulty.csv: is not of the form .*PLAYER being raw, ema, "):
        band_runs([difficulty(tmp_path, list(raw), player="averaged")], BAND, 0.95)


def test_bands_are_made_of_the_bins_that_the_evaluation_counts() -> None:
    edges = evaluation_params(PARAMS, []).rating_bins
    for band in comparison_params(PARAMS).bands.values():
        assert band.least in edges and band.most + 1 in edges


def memory(path: Path, **bytes_by_calls: dict[int, int]) -> Path:
    rows = [
        {"rule": rule, "module_calls": calls, "saved_bytes": saved, "peak_bytes": "" if rule == "full" else 2 * saved}
        for rule, values in bytes_by_calls.items()
        for calls, saved in values.items()
    ]
    return write_csv(path, rows)


def test_memory_growth_is_that_from_fewest_to_most_calls_in_any_order(tmp_path: Path) -> None:
    path = memory(tmp_path / "memory.csv", one_step={24: 50, 3: 50, 12: 70}, full={12: 40, 3: 10, 24: 75})
    rows = memory_rows(path, "sudoku", "hrm")
    assert {row.weights for row in rows} == {""}  # no trained network is behind them
    found = {row.metric: row.mean for row in rows}
    assert found == {
        "memory_calls_growth": 8.0,
        "memory_growth_one_step": 1.0,
        "memory_peak_growth_one_step": 1.0,
        "memory_growth_full": 7.5,
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rule,module_calls\n", "must have rows with columns"),
        ("rule,module_calls,saved_bytes,peak_bytes\nfull,3,ten,\nfull,6,20,\n", "saved_bytes is 'ten'"),
        ("rule,module_calls,saved_bytes,peak_bytes\nfull,3,10,\n", "growth needs two"),
    ],
)
def test_a_broken_memory_table_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "memory.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        memory_rows(path, "sudoku", "hrm")


def dataset(path: Path) -> Path:
    statistics = {
        "tasks": {"arc_agi_1/training": 400, "conceptarc": 160},
        "test": {"rating": {"mean": 22.1, "histogram": {"counts": [1]}}, "wall_share": {"minimum": 0.3}},
        "held_out_equivalent": [],
    }
    path.write_text(
        json.dumps(
            {"task": "arc_agi_1", "puzzle_ids": 7, "train_examples": 3, "test_examples": 2, "grid_shape": [30, 30]}
            | {"generator": {"augmentations": 1000}, "statistics": statistics}
        )
    )
    return path


def test_a_data_set_gives_its_counts_and_numbers_of_its_statistics(tmp_path: Path) -> None:
    rows = data_rows([dataset(tmp_path / "dataset.json")])
    assert {(row.task, row.variant, row.weights) for row in rows} == {("arc_agi_1", "data", "")}
    assert {row.metric: row.mean for row in rows} == {
        "puzzle_ids": 7,
        "train_examples": 3,
        "test_examples": 2,
        "grid_rows": 30,
        "grid_columns": 30,
        "augmentations": 1000,
        "tasks": 560,
        "tasks_arc_agi_1_training": 400,
        "tasks_conceptarc": 160,
        "test_rating_mean": 22.1,
        "test_wall_share_minimum": 0.3,
    }
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(DataError, match="does not describe a data set"):
        data_rows([tmp_path / "other.json"])


def test_summarise_writes_bands_with_wilson_intervals_and_memory(tmp_path: Path) -> None:
    table = difficulty(tmp_path, [(10, 9), (50, 30), (50, 20), (10, 1)])
    table.with_name("metrics.json").write_text(json.dumps({"exact_accuracy": 0.5}))
    averaged = difficulty(tmp_path, [(10, 9), (50, 50), (50, 50), (10, 1)], player="ema")
    grown = memory(tmp_path / "memory.csv", one_step={3: 50, 24: 50})
    tables = ["--difficulty", str(table), str(averaged), "--memory", str(grown)]
    files = [str(table.with_name("metrics.json")), *tables]
    out = tmp_path / "summary.csv"
    assert main(["summarise", *files, "--out", str(out), "--params", str(PARAMS)]) == 0
    found = read_summary(out)
    band = found["sudoku", "hrm", "raw", "exact_accuracy_moderate"]
    assert (band.mean, band.method) == (0.5, "wilson")
    # Wilson's interval of 50 of 100, from his formula by hand: 0.5 -+ 1.959964 / 2 / sqrt(100 + 1.959964^2).
    assert (band.low, band.high) == (pytest.approx(0.403832, abs=1e-5), pytest.approx(0.596168, abs=1e-5))
    assert found["sudoku", "hrm", "ema", "exact_accuracy_moderate"].mean == 1.0
    assert ("sudoku", "hrm", "ema", "exact_accuracy") not in found
    assert found["sudoku", "hrm", "", "memory_growth_one_step"].mean == 1.0
    assert "exact_accuracy_moderate_low" not in {metric for *_, metric in found}
