import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from evaluation_doubles import PARAMS

from hrm.cli import main
from hrm.core.errors import DataError
from hrm.report.run_paths import Player, run_of
from hrm.report.summary import (
    SummaryRow,
    find_row,
    key_of,
    read_metrics,
    read_summary,
    summarise,
    t_interval,
    write_summary,
)


def write_run(
    root: Path, seed: int, variant: str = "hrm", player: Player | str = "raw", **metrics: float | None
) -> Path:
    path = root / "sudoku" / variant / f"seed{seed}" / player / "metrics.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(metrics))
    return path


def rows_of(paths: Iterable[Path]) -> list[SummaryRow]:
    """All rows of the raw weights, which must be the only ones."""
    ((player, runs),) = read_metrics(paths).items()
    assert player == "raw"
    rows = summarise(runs, player, 0.95)
    assert {row.weights for row in rows} == {"raw"}
    return rows


def test_t_interval_equals_the_textbook_value() -> None:
    # Quantile of t with 2 degrees of freedom at 0.975 is 4.302653.
    low, high = t_interval([1.0, 2.0, 3.0], 0.95)
    assert (low, high) == pytest.approx((2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5))
    with pytest.raises(ValueError, match="at least two"):
        t_interval([1.0], 0.95)


def test_several_seeds_give_a_t_interval_and_their_spread(tmp_path: Path) -> None:
    row, spread = rows_of([write_run(tmp_path, seed, exact_accuracy=0.9 + seed / 100) for seed in range(3)])
    assert (row.metric, row.seeds, row.method, row.mean) == ("exact_accuracy", 3, "t", 0.91)
    assert row.low is not None and row.high is not None
    assert row.low < 0.9 < 0.92 < row.high
    assert (spread.metric, spread.mean) == ("exact_accuracy_half_range", 0.01)


def test_the_interval_of_a_share_ends_at_1_but_that_of_a_difference_may_be_negative(tmp_path: Path) -> None:
    values = [(1.0, 0.01), (0.99, -0.01)]
    paths = [
        write_run(tmp_path, seed, exact_accuracy=exact, halting_accuracy_loss=loss)
        for seed, (exact, loss) in enumerate(values)
    ]
    rows = {row.metric: row for row in rows_of(paths)}
    assert rows["exact_accuracy"].high == 1.0
    loss = rows["halting_accuracy_loss"].low
    assert loss is not None and loss < 0


def test_one_seed_keeps_its_wilson_interval(tmp_path: Path) -> None:
    known = {"exact_accuracy": 0.5, "exact_accuracy_low": 0.4, "exact_accuracy_high": 0.6, "mean_steps": 3.0}
    exact, steps = rows_of([write_run(tmp_path, 0, "hrm", "raw", **known)])
    assert (exact.low, exact.high, exact.method) == (0.4, 0.6, "wilson")
    assert (steps.metric, steps.low, steps.method) == ("mean_steps", None, "single")


def test_a_metric_that_one_seed_lacks_is_the_mean_of_the_others(tmp_path: Path) -> None:
    paths = [write_run(tmp_path, 0, correct_halts=None), write_run(tmp_path, 1, correct_halts=0.75)]
    (row,) = rows_of(paths)
    assert (row.seeds, row.mean, row.method) == (1, 0.75, "single")


def test_the_table_does_not_depend_on_the_order_of_files_and_reads_back(tmp_path: Path) -> None:
    paths = [
        write_run(tmp_path, seed, variant, "raw", exact_accuracy=0.1 * seed, mean_steps=1.0 + seed)
        for variant in ("trm", "hrm")
        for seed in range(3)
    ]
    rows = rows_of(paths)
    text = write_summary(rows)
    assert text == write_summary(rows_of(reversed(paths)))
    (tmp_path / "summary.csv").write_text(text)
    assert list(read_summary(tmp_path / "summary.csv").values()) == rows


def test_bad_metrics_files_are_named(tmp_path: Path) -> None:
    path = write_run(tmp_path, 0, exact_accuracy=0.5)
    with pytest.raises(DataError, match="given twice"):
        read_metrics([path, path])
    with pytest.raises(DataError, match="not of the form"):
        read_metrics([Path("metrics.json")])
    for player, words in (
        ("averaged", "averaged/metrics.json: is not of the form"),
        ("", "seed0/metrics.json: must lie in"),
    ):
        other = write_run(tmp_path / f"other{player}", 0, "hrm", player, exact_accuracy=0.5)
        with pytest.raises(DataError, match=rf"{words}.*raw, ema, untrained or chance"):
            read_metrics([path, other])
    path.write_text('{"exact_accuracy": "high"}')
    with pytest.raises(DataError, match="exact_accuracy is 'high'"):
        read_metrics([path])


def test_a_broken_table_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "summary.csv"
    columns = "task,variant,weights,metric,seeds,mean,low,high,method\n"
    path.write_text(f"{columns}sudoku,hrm,raw,x,three,0.1,,,t\n")
    with pytest.raises(DataError, match="line 2 is broken"):
        read_summary(path)
    path.write_text(f"{columns}sudoku,hrm,raw,x,1,0.1,,,single\nsudoku,hrm,averaged,x,1,0.1,,,single\n")
    with pytest.raises(
        DataError, match=r"line 3 is broken \(weights 'averaged' must be one of raw, ema, untrained, chance"
    ):
        read_summary(path)
    path.write_text("task,variant,metric,seeds,mean,low,high,method\n")  # of before the weights were told apart
    with pytest.raises(DataError, match="has columns"):
        read_summary(path)
    path.write_text("task,mean\n")
    with pytest.raises(DataError, match="has columns"):
        read_summary(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_summary(tmp_path / "absent.csv")


def test_summarise_command_writes_the_table(tmp_path: Path) -> None:
    paths = [write_run(tmp_path, seed, exact_accuracy=0.5) for seed in range(2)]
    out = tmp_path / "summary.csv"
    assert main(["summarise", "--params", str(PARAMS), "--out", str(out), *map(str, paths)]) == 0
    assert read_summary(out)["sudoku", "hrm", "raw", "exact_accuracy"].seeds == 2


def test_metrics_of_another_folder_join_the_run_with_their_own_interval(tmp_path: Path) -> None:
    main_files = [write_run(tmp_path, seed, exact_accuracy=0.9) for seed in range(3)]
    ends = {"pr_interval_low": 2.0, "pr_interval_high": 5.0}
    more = write_run(tmp_path / "states", 1, "hrm", "raw", pr=3.0, **ends)
    rows = {row.metric: row for row in rows_of([*main_files, more])}
    assert set(rows) == {"exact_accuracy", "exact_accuracy_half_range", "pr"}
    found = rows["pr"]
    assert (found.seeds, found.mean, found.low, found.high, found.method) == (1, 3.0, 2.0, 5.0, "bootstrap")
    with pytest.raises(DataError, match=r"pr of sudoku/hrm/seed1/raw was given twice"):
        read_metrics([more, more])


PLAYERS: dict[Player, float] = {"raw": 0.5, "ema": 0.7, "untrained": 0.1, "chance": 0.2}


def test_players_are_kept_apart_and_stand_beside_each_other(tmp_path: Path) -> None:
    paths = [
        write_run(tmp_path, seed, "hrm", player, exact_accuracy=mean + seed / 100, mean_steps=3.0)
        for player, mean in PLAYERS.items()
        for seed in range(2)
    ]
    out = tmp_path / "summary.csv"
    assert main(["summarise", "--params", str(PARAMS), "--out", str(out), *map(str, reversed(paths))]) == 0
    rows = list(read_summary(out).values())
    exact = {row.weights: (row.seeds, row.mean) for row in rows if row.metric == "exact_accuracy"}
    assert exact == {player: (2, pytest.approx(mean + 0.005)) for player, mean in PLAYERS.items()}
    metrics = ["exact_accuracy", "exact_accuracy_half_range", "mean_steps"]
    assert [(row.metric, row.weights) for row in rows] == [(metric, player) for metric in metrics for player in PLAYERS]


def test_a_row_of_nobody_answers_for_every_player_that_has_none_of_its_own() -> None:
    own, others = (
        SummaryRow("sudoku", "hrm", weights, "x", 1, mean, None, None, "single")
        for weights, mean in (("raw", 1.0), ("", 2.0))
    )
    summary = {key_of(row): row for row in (own, others)}
    assert [find_row(summary, "sudoku/hrm/x", player) for player in ("raw", "ema", "chance")] == [own, others, others]  # type: ignore[arg-type]
    assert find_row({key_of(own): own}, "sudoku/hrm/x", "ema") is None


def test_the_path_of_a_file_says_task_variant_seed_and_player() -> None:
    folder = Path("results/smoke/sudoku/hrm/seed12")
    for player in PLAYERS:
        assert run_of(folder / player / "metrics.json") == ("sudoku", "hrm", "seed12", player)
    assert run_of(folder / "history.csv") == ("sudoku", "hrm", "seed12", "")
    for wrong in (folder / "averaged" / "x.csv", folder / "raw" / "ema" / "x.csv", folder.parent / "raw" / "x.csv"):
        with pytest.raises(
            DataError, match=r"is not of the form TASK/VARIANT/seedN/.*PLAYER being raw, ema, "
        ) as error:
            run_of(wrong)
        assert str(error.value).startswith(f"{wrong}: ") and "\n" not in str(error.value)
