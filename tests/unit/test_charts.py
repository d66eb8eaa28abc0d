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
from hrm.report.chart_schema import DotChart, LineChart
from hrm.report.charts import compare, csv_of
from hrm.report.claims_file import read_claims
from hrm.report.comparison_schema import comparison_params
from hrm.report.figures import _dots, _lines
from hrm.report.run_paths import Player
from hrm.report.style import styled
from hrm.report.summary import Key, SummaryRow, key_of, write_summary
from hrm.report.words import Words

CLAIMS = read_claims(PARAMS / "claims.yaml")
COMPARISONS = comparison_params(PARAMS)
CHARTS, SHOWN = COMPARISONS.charts, COMPARISONS.shown
PLAIN_CLAIMS = yaml.load((PARAMS / "claims.yaml").read_text(), yaml.CSafeLoader)["groups"]
WORDS = Words(PARAMS)
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
            asked: list[tuple[str, str, str]] = [
                (panel["task"], name, key) for name in variants for key in (panel["metric"], panel["x"]["metric"])
            ]
            for row in chart.get("rows", []):
                if "variant" in row:
                    task, name, _, metric = plain_key(panel, row, place)
                    asked.append((task, name, metric))
            for task, name, metric in asked:
                for weights in ("raw", "ema"):  # of which a chart shows one
                    mean = float(rng.randint(1, 10**5)) if metric in ("parameters", "layers") else rng.random()
                    ends = (0.9 * mean, 1.1 * mean)
                    if rng.random() < share:
                        result = SummaryRow(task, name, weights, metric, rng.randint(1, 3), mean, *ends, "t")
                        found[key_of(result)] = result
    return list(found.values())


def plain_key(panel: dict, row: dict, place: int) -> Key:
    """Variants of TRM with averaged weights, others with raw ones, unless the row says otherwise."""
    task = (row.get("tasks") or [None] * 9)[place] or panel["task"]
    weights = row.get("weights") or ("ema" if row["variant"].startswith("trm") else "raw")
    return task, row["variant"], weights, (row.get("metrics") or [None] * 9)[place] or panel["metric"]


def plain_published(panel: dict, row: dict, place: int) -> float | None:
    """A loop over the claims file, nothing else."""
    for group in PLAIN_CLAIMS:
        for claim in group["claims"]:
            if "claims" in row:
                wanted = claim["id"] == row["claims"][place]
            else:
                task, variant, _, metric = plain_key(panel, row, place)
                asked = f"{task}/{variant}/{metric}"
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
    known = {key_of(row): row for row in results}
    lines = iter(table(tmp_path))
    for place, panel in enumerate(PLAIN[name]["panels"]):
        for row in PLAIN[name]["rows"]:
            line = next(lines)
            assert (line["panel"], line["row"]) == (panel["title"], row["label"])
            ours = known.get(plain_key(panel, row, place)) if "variant" in row else None
            assert line["weights"] == (plain_key(panel, row, place)[2] if "variant" in row else "")
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
    rows = [SummaryRow("sudoku", "hrm", "raw", "exact_accuracy", 3, 0.5, 0.4, 0.6, "t")]
    rows += [SummaryRow("sudoku", "hrm", "raw", "parameters", 3, 27e6, None, None, "t")]
    rows += [SummaryRow("sudoku", "hrm", "ema", "exact_accuracy", 3, 0.9, None, None, "t")]
    rows += [SummaryRow("sudoku", "hrm", "ema", "layers", 3, 96.0, None, None, "t")]  # not of the weights shown
    assert run(tmp_path, "scaling", rows) == 0
    points = [line for line in table(tmp_path) if line["result"].startswith("sudoku/hrm/")]
    assert [(line["panel"], line["weights"], line["state"], line["ours"], line["x"]) for line in points] == [
        ("Width", "raw", "measured", "50.0", "27000000.0"),
        ("Depth", "raw", "not measured", "50.0", ""),
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
    row = SummaryRow("sudoku", "hrm", "raw", "residual_low_within", 1, mean, low, high, "bootstrap")
    found = compare("example", LIMITED[words], {key_of(row): row}, CLAIMS, SHOWN)[2]
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
    assert not figure.axes  # no empty frame, and no published value without one of ours
    (text,) = figure.texts
    assert "nothing of this chart was run at this scale" in " ".join(text.get_text().split())


def of_size(results: list[SummaryRow], parameters: float) -> dict[Key, SummaryRow]:
    """The same results of networks with so many parameters."""
    found = {key_of(row): row for row in results}
    for row in results:
        size = SummaryRow(row.task, row.variant, row.weights, "parameters", 1, parameters, None, None, "single")
        found[key_of(size)] = size
    return found


@pytest.mark.parametrize("parameters", [25e3, 27e6])
@pytest.mark.parametrize("name", PLAIN)
def test_figures_show_every_result_and_cut_no_word(tmp_path: Path, name: str, parameters: float) -> None:
    rows = compare(name, CHARTS[name], of_size(some_results(0.7), parameters), CLAIMS, SHOWN)
    (tmp_path / "chart.csv").write_text(csv_of(rows, CHARTS[name].kind))
    with styled():
        figure = draw(name, tmp_path / "chart.csv")
        figure.canvas.draw()
    if isinstance(CHARTS[name], DotChart):
        marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
        assert len(marks) == sum(row.state == "measured" for row in rows)
        hollow = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "D"]
        # Published values stand where we have a result of their size, and nowhere else.
        ran = {row.panel for row in rows if row.state == "measured"}
        beside = [
            row for row in rows if row.state == "measured" or (row.state, row.panel in ran) == ("published only", True)
        ]
        expected = sum(row.published is not None for row in beside) if parameters > 1e6 else 0
        assert len(hollow) == expected
        drawn = [text.get_text() for axes in figure.axes if axes.get_visible() for text in axes.get_yticklabels()]
        never = {row.label for row in CHARTS[name].rows} - {row.row for row in rows if row.state == "measured"}
        assert not set(drawn) & {row.row for row in rows if row.row in never and row.state != "published only"}
        notes = " ".join(figure.legends[0].get_title().get_text().split())
        assert all(row.row in notes for row in rows if row.state == "not run")
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


ROW = "\n  - {label: ours, variant: hrm}"
PLAYERS = {
    "raw": (ROW, "raw weights;"),
    "ema": (ROW.replace("hrm}", "trm}"), "averaged weights;"),
    "both": (
        ROW + ROW.replace("ours", "TRM").replace("hrm}", "trm}"),
        "averaged weights: TRM; raw weights: all others;",
    ),
    "more averaged": (
        "".join(ROW.replace("ours", name).replace("hrm}", "trm}") for name in ("A", "B")) + ROW,
        "raw weights: ours; averaged weights: all others;",
    ),
    "of the row": (ROW.replace("hrm}", "hrm, weights: ema}"), "averaged weights;"),
}


@pytest.mark.parametrize("case", PLAYERS)
def test_a_chart_shows_the_weights_of_its_variants_or_of_the_row_and_names_them(tmp_path: Path, case: str) -> None:
    rows, words = PLAYERS[case]
    chart = DotChart.model_validate(yaml.safe_load(EXAMPLE.replace(ROW, rows)))
    values: dict[Player, float] = {"raw": 0.25, "ema": 0.75, "untrained": 0.1, "chance": 0.2, "": 0.3}
    results = [
        SummaryRow("sudoku", variant, weights, "exact_accuracy", 1, value, None, None, "single")
        for variant in ("hrm", "trm")
        for weights, value in values.items()
    ]
    found = compare("example", chart, {key_of(row): row for row in results}, CLAIMS, SHOWN)
    measured = [row for row in found if row.state == "measured"]
    shown = {"raw": ["raw"], "both": ["raw", "ema"], "more averaged": ["ema", "ema", "raw"]}.get(case, ["ema"])
    assert [(row.weights, row.ours) for row in measured] == [(kind, 100 * values[kind]) for kind in shown]  # type: ignore[index]
    (tmp_path / "chart.csv").write_text(csv_of(found, "dots"))
    title = _dots.draw(WORDS, chart, tmp_path / "chart.csv").legends[0].get_title().get_text()
    assert " ".join(title.split()).startswith(words)


def test_a_variant_of_which_there_are_players_without_skill_alone_was_not_run() -> None:
    chart = DotChart.model_validate(yaml.safe_load(EXAMPLE))
    states = {}
    kinds: tuple[Player, ...] = ("untrained", "chance", "", "ema")
    for kind in kinds:
        row = SummaryRow("sudoku", "hrm", kind, "exact_accuracy", 1, 0.1, None, None, "single")
        states[kind] = compare("example", chart, {key_of(row): row}, CLAIMS, SHOWN)[0].state
    assert states == {"untrained": "not run", "chance": "not run", "": "not run", "ema": "not measured"}


def draw(name: str, path: Path):
    chart = CHARTS[name]
    if isinstance(chart, LineChart):
        return _lines.draw(WORDS, chart, path)
    return _dots.draw(WORDS, chart, path)


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
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"charts": charts}, sort_keys=False))
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
