"""Variants side by side: tables that a plain reading of both files gives, and figures that hide nothing."""

import csv
import random
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers import PARAMS
from hrm.cli import main
from hrm.report import figure_dots, figure_lines
from hrm.report.chart_schema import DotChart, LineChart
from hrm.report.charts import compare, csv_of
from hrm.report.claims_file import read_claims
from hrm.report.comparison_schema import comparison_params
from hrm.report.style import styled
from hrm.report.summary import SummaryRow, write_summary

CLAIMS = read_claims(PARAMS / "claims.yaml")
CHARTS = comparison_params(PARAMS).charts
PLAIN_CLAIMS = yaml.load((PARAMS / "claims.yaml").read_text(), yaml.CSafeLoader)["groups"]
PLAIN = yaml.safe_load((PARAMS / "comparisons.yaml").read_text())["charts"]
FACTORS = {"per cent": 100.0, "million parameters": 1e-6, "minutes": 1 / 60}
EXAMPLE = """
kind: dots
title: An example
panels:
  - {title: One, task: sudoku, metric: exact_accuracy, unit: per cent, axis: solved (%), limit: null}
  - {title: Two, task: sudoku, metric: residual_low_within, unit: ratio, axis: ratio, limit: residuals_low_within}
rows:
  - {label: ours, variant: hrm}
  - {label: theirs, claims: [o3_mini_high_sudoku, null]}
"""


def some_results(share: float) -> list[SummaryRow]:
    """Invented results of about this share of what the charts ask for."""
    rng = random.Random(0)
    found = {}
    for chart in PLAIN.values():
        for place, panel in enumerate(chart["panels"]):
            variants = [name for line in panel.get("lines", []) for name in line["variants"]]
            asked = [(panel["task"], name, key) for name in variants for key in (panel["metric"], panel["x"]["metric"])]
            for row in chart.get("rows", []):
                if "variant" in row:
                    asked.append(plain_key(panel, row, place))
            for key in asked:
                mean = float(rng.randint(1, 10**5)) if key[2] in ("parameters", "layers") else rng.random()
                if rng.random() < share:
                    found[key] = SummaryRow(*key, rng.randint(1, 3), mean, 0.9 * mean, 1.1 * mean, "t")
    return list(found.values())


def plain_key(panel: dict, row: dict, place: int) -> tuple[str, str, str]:
    task = (row.get("tasks") or [None] * 9)[place] or panel["task"]
    return task, row["variant"], (row.get("metrics") or [None] * 9)[place] or panel["metric"]


def plain_published(panel: dict, row: dict, place: int) -> float | None:
    """A loop over the claims file, nothing else."""
    for group in PLAIN_CLAIMS:
        for claim in group["claims"]:
            if "claims" in row:
                wanted = claim["id"] == row["claims"][place]
            else:
                asked = "/".join(plain_key(panel, row, place))
                wanted = claim["answers"][:1] == [asked] and group["relation"] == "equal"
            if wanted:
                return claim["value"] / FACTORS.get(group["unit"], 1) * FACTORS.get(panel["unit"], 1)
    return None


def run(folder: Path, name: str, rows: list[SummaryRow], params: Path = PARAMS) -> int:
    (folder / "summary.csv").write_text(write_summary(rows))
    known = ["--summary", str(folder / "summary.csv"), "--claims", str(params / "claims.yaml")]
    return main(["compare", name, *known, "--params", str(params), "--out", str(folder / "chart.csv")])


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "chart.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", [name for name, chart in PLAIN.items() if chart["kind"] == "dots"])
def test_a_table_is_what_a_plain_reading_of_summary_and_claims_gives(tmp_path: Path, name: str) -> None:
    results = some_results(0.6)
    assert run(tmp_path, name, results) == 0
    known = {(row.task, row.variant, row.metric): row for row in results}
    lines = iter(table(tmp_path))
    for place, panel in enumerate(PLAIN[name]["panels"]):
        for row in PLAIN[name]["rows"]:
            line = next(lines)
            assert (line["panel"], line["row"]) == (panel["title"], row["label"])
            ours = known.get(plain_key(panel, row, place)) if "variant" in row else None
            factor = FACTORS.get(panel["unit"], 1.0)
            assert (line["state"] == "measured", line["ours"] != "") == (ours is not None, ours is not None)
            if ours is not None:
                assert float(line["ours"]) == pytest.approx(ours.mean * factor, abs=1e-4)
                assert float(line["high"]) == pytest.approx(ours.high * factor, abs=1e-4)
                assert int(line["seeds"]) == ours.seeds
            value = plain_published(panel, row, place)
            assert (float(line["published"]) if line["published"] else None) == pytest.approx(value)
            assert (line["source"] == "") == (line["claim"] == "") == (value is None)
    assert next(lines, None) is None


def test_lines_take_both_numbers_of_a_variant_from_the_same_summary(tmp_path: Path) -> None:
    rows = [SummaryRow("sudoku", "hrm", "exact_accuracy", 3, 0.5, 0.4, 0.6, "t")]
    rows += [SummaryRow("sudoku", "hrm", "parameters", 3, 27e6, None, None, "t")]
    assert run(tmp_path, "scaling", rows) == 0
    points = [line for line in table(tmp_path) if line["result"].startswith("sudoku/hrm/")]
    assert [(line["panel"], line["state"], line["x"]) for line in points] == [
        ("Width", "measured", "27000000.0"),
        ("Depth", "not measured", ""),
    ]
    published = {line["row"]: (line["published_x"], line["published"]) for line in table(tmp_path) if line["claim"]}
    assert published == {"HRM": ("27275266.0", "55.0"), "Transformer": ("27275266.0", "0.0")}


LIMITED = {
    words: DotChart.model_validate(yaml.safe_load(EXAMPLE.replace("limit: residuals_low_within", f"limit: {identity}")))
    for identity, words in (("residuals_low_within", "below"), ("residuals_low", "at least"))
}


@given(ends=st.lists(st.floats(0, 2), min_size=3, max_size=3).map(sorted), words=st.sampled_from(sorted(LIMITED)))
def test_a_result_passes_when_all_of_its_interval_obeys_the_limit_of_the_claim(ends: list[float], words: str) -> None:
    low, mean, high = ends
    chart, key = LIMITED[words], ("sudoku", "hrm", "residual_low_within")
    found = compare("example", chart, {key: SummaryRow(*key, 1, mean, low, high, "bootstrap")}, CLAIMS)[2]
    obeys = [end < 1.0 if words == "below" else end >= 1.0 - 1e-9 for end in (low, high)]
    assert found.limit == f"{words} 1"
    assert found.passes == ("yes" if all(obeys) else "undecided" if any(obeys) else "no")


@pytest.mark.parametrize("name", PLAIN)
def test_what_was_not_run_says_so_and_is_no_zero(tmp_path: Path, name: str) -> None:
    assert run(tmp_path, name, []) == 0
    for line in table(tmp_path):
        assert line["state"] == ("not run" if line["result"] else "published only")
        assert (line["ours"], line["low"], line["high"], line["seeds"]) == ("", "", "", "0")
        assert line.get("passes", "") == ""
    figure = draw(name, tmp_path / "chart.csv")
    assert "nothing of this chart was run" in figure.legends[0].get_title().get_text()
    assert "not run" in {text.get_text() for axes in figure.axes for text in axes.texts}


@pytest.mark.parametrize("name", PLAIN)
def test_figures_show_every_result_and_cut_no_word(tmp_path: Path, name: str) -> None:
    rows = compare(name, CHARTS[name], {(row.task, row.variant, row.metric): row for row in some_results(0.7)}, CLAIMS)
    (tmp_path / "chart.csv").write_text(csv_of(rows, CHARTS[name].kind))
    with styled():
        figure = draw(name, tmp_path / "chart.csv")
        figure.canvas.draw()
    if isinstance(CHARTS[name], DotChart):
        marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
        assert len(marks) == sum(row.state == "measured" for row in rows)
        hollow = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "D"]
        assert len(hollow) == sum(row.published is not None for row in rows)
    page = figure.bbox
    words = [text for axes in figure.axes for text in (axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts)]
    for axis in [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]:
        ends = sorted(axis.get_view_interval())
        words += [tick.label1 for tick in axis.get_major_ticks() if ends[0] <= tick.get_loc() <= ends[1]]
    for text in [*words, *figure.legends[0].get_texts(), figure.legends[0].get_title(), *figure.texts]:
        box = text.get_window_extent()
        if text.get_text() and text.get_visible():
            assert box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1, text.get_text()
            assert box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1, text.get_text()


def draw(name: str, path: Path):
    chart = CHARTS[name]
    if isinstance(chart, LineChart):
        return figure_lines.draw(path, chart, "95 %")
    return figure_dots.draw(path, chart, "95 %")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("variant: hrm}", "variant: hrn}", ["charts.example.rows.0.variant", "'hrn'", "allowed are", "transformer"]),
        ("task: sudoku, metric: exact", "task: sudoko, metric: exact", ["charts.example.panels.0.task", "'sudoko'"]),
        ("[o3_mini_high_sudoku, null]", "[o3_mini_high_sudoku]", ["rows.1.claims", "length 1", "2 panels"]),
        ("variant: hrm}", "variant: hrm, metrics: [a, b, c]}", ["rows.0.metrics", "length 3", "2 panels"]),
        ("o3_mini_high_sudoku", "o3_mini", ["charts.example.rows.1.claims.0", "'o3_mini'", "no claim"]),
        (
            "limit: residuals_low_within",
            "limit: hrm_sudoku_1k",
            ["panels.1.limit", "equal", "at_most, at_least"],
        ),
        ("o3_mini_high_sudoku", "hrm_parameters", ["rows.1.claims.0", "'parameters'", "'per cent'"]),
        ("o3_mini_high_sudoku", "residuals_high", ["rows.1.claims.0", "at_most", "relation equal"]),
        ("label: theirs", "label: ours", ["rows has 'ours' twice"]),
        ("label: theirs, claims: [o3_mini_high_sudoku, null]", "label: theirs", ["rows.1", "neither a variant nor"]),
        ("unit: ratio", "unit: furlongs", ["unit", "furlongs", "per cent"]),
        ("kind: dots", "kind: pies", ["charts.example", "dots", "lines"]),
    ],
)
def test_a_wrong_chart_is_one_line_with_file_and_key(tmp_path: Path, capsys, old, new, words) -> None:
    params = Path(shutil.copytree(PARAMS, tmp_path / "params"))
    assert old in EXAMPLE
    file = params / "comparisons.yaml"
    charts = {"example": yaml.safe_load(EXAMPLE.replace(old, new, 1))}
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"charts": charts}))
    assert run(tmp_path, "example", [], params) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and not (tmp_path / "chart.csv").exists()
    for word in ["comparisons.yaml", *words]:
        assert word in lines[0], lines[0]


def test_an_unknown_chart_and_a_table_of_another_one(tmp_path: Path, capsys) -> None:
    assert run(tmp_path, "mian", []) == 2
    assert "comparisons.yaml: charts has no 'mian'; allowed are main, " in capsys.readouterr().err
    assert run(tmp_path, "main", []) == 0
    render = ["render", "chart", "--table", str(tmp_path / "chart.csv"), "--params", str(PARAMS)]
    for other in ("robustness", "scaling"):
        assert main([*render, other, "--out", str(tmp_path / "figure")]) == 2
        assert "chart.csv" in capsys.readouterr().err
    assert main([*render, "main", "--out", str(tmp_path / "figure")]) == 0
    assert {path.suffix for path in tmp_path.glob("figure.*")} == {".svg", ".png", ".pdf"}
