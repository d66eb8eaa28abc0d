"""Contrasts seed by seed, and means over the rows of a study."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers import PARAMS
from hrm.cli import main
from hrm.core.errors import ParameterError
from hrm.core.experiments import variants as all_variants
from hrm.core.schema import run_params
from hrm.report.aggregates import aggregate, label_of, published_values
from hrm.report.claims_file import read_claims
from hrm.report.comparison_schema import AggregateParams, ComparisonParams, ContrastParams, comparison_params
from hrm.report.contrasts import contrast_runs
from hrm.report.figures import aggregates as figure_aggregates
from hrm.report.run_paths import Player
from hrm.report.summary import SummaryRow, key_of, read_summary, summarise, write_summary
from hrm.report.words import Words

SHARES = st.floats(0, 1)
ROWS = ["hl_2x2", "hl_4x4", "bptt_4", "detached_4"]


def contrast(**weights: float) -> ContrastParams:
    return ContrastParams(task="boards", metrics=["exact_accuracy"], weights=weights)


@given(st.lists(st.tuples(SHARES, SHARES, SHARES), min_size=2, max_size=5))
def test_a_contrast_is_the_weighted_sum_of_each_seed_and_its_interval_that_of_the_sums(
    values: list[tuple[float, float, float]],
) -> None:
    weights = {"a": 1.0, "b": -0.25, "c": -0.75}
    runs = {
        ("boards", name): {f"seed{seed}": {"exact_accuracy": row[place]} for seed, row in enumerate(values)}
        for place, name in enumerate(weights)
    }
    found = contrast_runs(runs, {"x": contrast(**weights)})
    sums = np.array(values) @ np.array([1.0, -0.25, -0.75])
    assert [found["boards", "contrast_x"][f"seed{seed}"]["exact_accuracy"] for seed in range(len(values))] == (
        pytest.approx(list(sums))
    )
    row = next(row for row in summarise(found, "raw", 0.95) if row.metric == "exact_accuracy")
    assert row.mean == pytest.approx(sums.mean(), abs=1e-6)
    assert row.low is not None and row.low <= row.mean + 1e-6  # and may be negative


def test_only_seeds_and_metrics_that_all_have_count() -> None:
    one = {"seed0": {"exact_accuracy": 0.5}, "seed1": {"exact_accuracy": 0.6}, "seed2": {"cells": 1.0}}
    two = {"seed1": {"exact_accuracy": 0.2}, "seed2": {"exact_accuracy": 0.9}}
    found = contrast_runs({("boards", "a"): one, ("boards", "b"): two}, {"x": contrast(a=1.0, b=-1.0)})
    assert found == {("boards", "contrast_x"): {"seed1": {"exact_accuracy": pytest.approx(0.4)}}}
    assert contrast_runs({("boards", "a"): one}, {"x": contrast(a=1.0, b=-1.0)}) == {}


def test_weights_that_do_not_cancel_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sum to 0.5; they must sum to 0"):
        contrast(a=1.0, b=-0.5)


def test_the_segments_contrast_differs_in_segments_alone() -> None:
    weights = comparison_params(PARAMS).contrasts["segments"].weights
    for name, weight in weights.items():
        run = run_params(PARAMS, "gpu", "boards", name, [])
        assert run.halting.max_segments == (4 if weight > 0 else 2)
        other = run_params(PARAMS, "gpu", "boards", name[:-1] + ("2" if weight > 0 else "4"), [])
        assert run.model == other.model and weights[name[:-1] + ("2" if weight > 0 else "4")] == -weight


def test_summarise_takes_the_contrasts_of_each_player_by_itself(tmp_path: Path) -> None:
    values = {"raw": (0.5, 0.2), "ema": (0.9, 0.3), "untrained": (0.25, 0.25), "chance": (0.1, None)}
    paths = []
    for player, pair in values.items():
        for variant, value in zip(("trm", "trm_one_step"), pair, strict=True):
            if value is not None:
                paths.append(tmp_path / "sudoku" / variant / "seed0" / player / "metrics.json")
                paths[-1].parent.mkdir(parents=True)
                paths[-1].write_text(json.dumps({"exact_accuracy": value}))
    out = tmp_path / "summary.csv"
    assert main(["summarise", *map(str, paths), "--out", str(out), "--params", str(PARAMS)]) == 0
    name = "contrast_trm_one_step"
    found = {weights: row.mean for (_, variant, weights, _), row in read_summary(out).items() if variant == name}
    # Of chance one variant is missing: another player's does not stand in for it.
    assert found == {"raw": pytest.approx(0.3), "ema": pytest.approx(0.6), "untrained": 0.0}


def row_of(variant: str, metric: str, mean: float, weights: Player = "raw") -> SummaryRow:
    return SummaryRow("boards", variant, weights, metric, 3, mean, None, None, "t")


def test_groups_are_means_of_rows_beside_the_published_ones_grouped_the_same_way() -> None:
    claims = read_claims(PARAMS / "claims.yaml")
    params = comparison_params(PARAMS).aggregates["boards"]
    published = published_values(claims, params)
    variants = sorted({variant for variant, _ in published})
    assert len(variants) == 10
    rows = [row_of(name, metric, published[name, metric] / 100) for name in variants for metric in params.metrics]
    rows += [row_of(name, "exact_accuracy", 0.9) for name in ("contrast_segments", "board_hl_2x4_s2")]  # no rows of it
    players: tuple[Player, ...] = ("ema", "untrained", "chance")  # which the study does not have
    rows += [row_of(name, metric, 0.99, player) for name in variants for metric in params.metrics for player in players]
    found = aggregate(params, {key_of(row): row for row in rows}, claims, PARAMS, "gpu")
    for row in found:  # ours are the published numbers here
        assert row.mean == pytest.approx(row.published)
        assert row.least <= row.mean <= row.most
    # The study's own tables: it rounds, and it has 0.36 and 0.44, 0.30, 0.48; 0.56.
    means = {(row.by, row.group): row.mean for row in found if row.metric == "exact_accuracy"}
    assert means["segments", "2"] == pytest.approx(36, abs=0.6)
    assert means["architecture", "H-only, BPTT"] == pytest.approx(44, abs=0.6)
    assert means["cycles", "16"] == pytest.approx(56, abs=0.6)
    assert [row.group for row in found if row.by == "cycles"][::2] == ["4", "8", "16"]
    unknown = params.model_copy(update={"rows": {"board_hl_2x2_s2": {"exact_accuracy": "rumour"}}})
    with pytest.raises(ParameterError, match="'rumour', which is no claim"):
        published_values(claims, unknown)


def test_contrasts_of_rows_are_the_differences_of_the_studys_means() -> None:
    claims, params = read_claims(PARAMS / "claims.yaml"), comparison_params(PARAMS)
    published = published_values(claims, params.aggregates["boards"])
    wanted = {  # means of its tables, in points: accuracy, gain
        "rows_segments": (50 - 36, 8 - 2),
        "rows_hl_over_bptt": (48 - 44,),
        "rows_bptt_over_detached": (44 - 30,),
        "rows_cycles_16_over_4": (56 - 39,),
        "rows_cycles_4_over_8": (39 - 35, 6 - 2),
    }
    for name, means in wanted.items():
        contrast = params.contrasts[name]
        for metric, mean in zip(("exact_accuracy", "scaling_gain"), means, strict=False):
            found = sum(weight * published[variant, metric] for variant, weight in contrast.weights.items())
            # By the ten rows its means would be 0.52, not 0.50, for 4 segments, and 0.41, not 0.39, for 4 cycles.
            assert found == pytest.approx(mean, abs=3.0) and found > 0, name
    gain = params.contrasts["rows_cycles_4_over_16"]
    found = sum(weight * published[variant, "scaling_gain"] for variant, weight in gain.weights.items())
    assert found == pytest.approx(6 - 3, abs=1.1)


def test_architectures_have_the_names_of_the_study() -> None:
    names = [label_of("architecture", run_params(PARAMS, "gpu", "boards", f"board_{row}_s2", [])) for row in ROWS]
    assert names == ["H/L", "H/L", "H-only, BPTT", "H-only, detached"]


def test_command_and_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary, table = tmp_path / "summary.csv", tmp_path / "table.csv"
    rows = [row_of(f"board_{row}_s2", "exact_accuracy", 0.1 * place) for place, row in enumerate(ROWS)]
    summary.write_text(write_summary(rows))
    common = ["--scale", "gpu", "--summary", str(summary), "--out", str(table), "--params", str(PARAMS)]
    assert main(["aggregate", "boards", *common]) == 0
    titles = [axes.get_xlabel() for axes in figure_aggregates.draw(Words(PARAMS), table).axes]
    assert titles == ["segments in training", "architecture", "H × L cycles"]
    assert main(["aggregate", "bords", *common]) == 2
    assert "no aggregate 'bords' in comparisons.yaml; allowed are boards" in capsys.readouterr().err
    averaged = [row_of("board_hl_2x2_s2", "exact_accuracy", 0.5, "ema")]  # are not the study's weights
    for others in ([], averaged):
        summary.write_text(write_summary(others))
        assert main(["aggregate", "boards", *common]) == 2
        assert "no results of task boards" in capsys.readouterr().err


def test_a_grouping_that_nobody_knows_is_refused() -> None:
    known = {"task": "boards", "weights": "raw", "metrics": ["exact_accuracy"], "rows": {"a": {}}}
    AggregateParams.model_validate(known | {"by": ["cycles"]})
    with pytest.raises(ValueError, match=r"by\.0\n.*segments"):
        AggregateParams.model_validate(known | {"by": ["colour"]})
    for weights in ("chance", None):
        with pytest.raises(ValueError, match=r"weights\n.*'raw' or 'ema'"):
            AggregateParams.model_validate(known | {"by": ["cycles"], "weights": weights})


def test_the_first_pattern_that_fits_a_variant_says_which_weights_are_shown() -> None:
    shown = comparison_params(PARAMS).shown
    for variant in all_variants(PARAMS):
        assert shown(variant) == ("ema" if variant.startswith("trm") else "raw"), variant
    empty = {"bands": {}, "contrasts": {}, "aggregates": {}, "charts": {}, "published_parameters": 1}
    empty |= {"labels": {"variants": {}, "tasks": {}, "metrics": {}}}
    patterns = {"trm_one_step": "raw", "trm*": "ema", "*": "raw"}
    found = ComparisonParams.model_validate(empty | {"weights": patterns})
    assert [found.shown(name) for name in ("trm_one_step", "trm", "hrm")] == ["raw", "ema", "raw"]


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"trm*": "ema"}, "must end with the pattern '*'"),
        ({"*": "raw", "trm*": "ema"}, "must end with the pattern '*'"),
        ({}, "weights"),
        ({"*": "chance"}, "'raw' or 'ema'"),
    ],
)
def test_patterns_of_weights_that_leave_a_variant_out_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], weights: dict[str, str], words: str
) -> None:
    params = Path(shutil.copytree(PARAMS, tmp_path / "params"))
    file = params / "comparisons.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"weights": weights}, sort_keys=False))
    (tmp_path / "summary.csv").write_text(write_summary([]))
    places = ["--summary", str(tmp_path / "summary.csv"), "--claims", str(params / "claims.yaml")]
    out = tmp_path / "chart.csv"
    assert main(["compare", "main", *places, "--params", str(params), "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "comparisons.yaml" in line and words in line and not out.exists()
