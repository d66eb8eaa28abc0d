"""The report page: whole in itself, each link leads somewhere, each number to its run, no file left out in silence."""

import base64
import hashlib
import io
import json
import re
import shutil
from importlib.resources import files as resources
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from report_files import HOSTILE, SHA, Files, Page, make_files

from helpers import PARAMS
from hrm.cli import main
from hrm.core.errors import ParameterError
from hrm.core.pipeline_schema import pipeline_params
from hrm.report.captions import MODULES, caption_in, caption_of
from hrm.report.figures import figure_modules
from hrm.report.page.render import duration, energy
from hrm.report.page.tables import read_csv
from hrm.report.report_schema import report_params

SCRIPT = (resources("hrm.report") / "templates" / "page.js").read_text()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(made: Files) -> Page:
    return Page(rendered(made))


@pytest.fixture
def files(made: Files, tmp_path: Path) -> Files:
    return Files(Path(shutil.copytree(made.root, tmp_path / "copy")))


def rendered(files: Files, *options: str) -> str:
    out = files.root / "page.html"
    assert main([*files.command(out), *options]) == 0
    return out.read_text()


def refused(files: Files, capsys: pytest.CaptureFixture[str], *words: str) -> None:
    out = files.root / "refused.html"
    assert main(files.command(out)) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert all(word in lines[0] for word in words), lines[0]
    assert not out.exists()


def test_it_needs_nothing_from_outside_and_runs_one_script(page: Page) -> None:
    for tag, found in page.tags:
        assert tag not in {"link", "iframe", "object", "embed", "foreignobject", "base"}
        assert not [name for name in found if name.startswith("on") or name == "style"]
        for name in ("src", "href", "xlink:href", "srcset", "action", "data"):
            assert found.get(name, "#").startswith(("#", "data:image/")), found
    shown = "".join(page.shown)
    assert "@import" not in shown and not re.search(r"url\((?!#)", shown)
    assert page.open == []
    assert [found for tag, found in page.tags if tag == "script"] == [{}]
    (policy,) = [found["content"] for _, found in page.tags if found.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert SCRIPT in page.shown
    assert policy.startswith("default-src 'none'; img-src data:;") and policy.endswith(f"script-src 'sha256-{digest}'")


def test_every_link_leads_to_one_place_of_the_page(page: Page) -> None:
    ids = [found["id"] for _, found in page.tags if "id" in found]
    assert len(ids) == len(set(ids))
    targets = {found["href"][1:] for _, found in page.tags if "href" in found}
    assert {"verdicts", "section-all", "cost", "provenance", "run-sudoku-hrm-0"} <= targets <= set(ids)


def test_every_image_opens_and_says_in_words_what_it_shows(page: Page) -> None:
    images = page.images()
    kinds = []
    for found in images:
        assert found["alt"] and int(found["width"]) > 0 and int(found["height"]) > 0
        kind, _, coded = found.get("src", "svg").partition(";base64,")
        kinds.append(kind)
        if kind != "svg":
            Image.open(io.BytesIO(base64.b64decode(coded, validate=True))).verify()
    assert kinds == ["svg", "data:image/gif", "data:image/png"]
    drawing = f"{HOSTILE}. {HOSTILE} curves. In the picture: a word."
    assert [found["alt"] for found in images] == [
        drawing,
        f"a film, one. {HOSTILE} animation.",
        f"a film, two. {HOSTILE} animation.",
    ]
    assert all(found.keys() & {"aria-label", "aria-hidden"} for tag, found in page.tags if tag == "svg")
    film = base64.b64decode(images[1]["src"].partition(",")[2])
    assert Image.open(io.BytesIO(film)).n_frames == 3  # type: ignore[attr-defined]


def test_text_of_the_files_is_shown_as_it_stands(page: Page) -> None:
    shown = page.text
    # title (twice), intro, section, caption with its title, table with its caption, statement (twice), differences,
    # machine: each as text, none as a tag.
    assert shown.count(HOSTILE) >= 10
    assert HOSTILE in page.rows["claim-first"] and HOSTILE in page.rows["environment-1"]


def test_numbers_lead_to_the_runs_that_they_come_from(page: Page) -> None:
    assert page.links["claim-first"] == ["#run-sudoku-hrm-0"]
    assert page.links["claim-second"] == ["#states-sudoku-hrm-0"]  # an analysis measured it
    assert page.links["claim-third"] == ["#run-sudoku-hrm-0", "#run-sudoku-transformer-0"]  # a difference of both
    assert page.links["claim-tenth"] == ["#test_time-sudoku-hrm-0"]
    for kind in ("states", "test_time"):
        assert page.links[f"{kind}-sudoku-hrm-0"][0] == "#run-sudoku-hrm-0"
    assert "claim-fourth" not in page.links
    assert "claim-fifth" not in page.links  # a pair of results, none of which the pipeline has


def test_verdicts_are_words_and_are_counted(page: Page) -> None:
    assert "✗\N{NO-BREAK SPACE}not reproduced" in page.rows["claim-second"]
    assert "within the spread of independent runs" in page.rows["claim-third"]
    for words in ("reproduced 2", "independent runs 1", "undecided 1", "not reproduced 1", "not run at this scale 1"):
        assert words in page.text
    assert "6 claims on trainings judged" in page.text and "2 claims that are not judged" in page.text


def test_settings_stand_apart_and_count_in_no_headline(page: Page) -> None:
    assert "1 of 2 settings agree" in page.text
    assert "Settings, sizes, data and arithmetic: 1 of 2 agree" in page.text
    assert "agrees" in page.rows["claim-seventh"] and "differs" in page.rows["claim-eighth"]
    header = page.text.partition("Contents")[0]
    assert "agrees" not in header and "differs" not in header


def test_weights_players_margins_and_confounds_stand_beside_the_verdict(page: Page) -> None:
    row = page.rows["claim-sixth"]
    assert "no evidence" in row and "Without skill: untrained: 45.0 % (meets the claim)" in row
    assert "margin set on 2026-11-22, after the first runs" in row and f"confound: {HOSTILE}" in row
    assert "raw weights; 40.0 to 60.0 over test examples; 1 seed" in row
    assert "margin" not in page.rows["claim-second"] and "weights" not in page.rows["claim-seventh"]


def test_provenance_and_cost_of_every_run_are_there(page: Page, files: Files) -> None:
    row = page.rows["run-sudoku-hrm-0"]
    assert "0123456789" in row and "modified" in row and "steps: 1234" in row and SHA["train"][:10] in row
    assert f"train: {SHA['train']}" in [found.get("title") for _, found in page.tags]
    assert "1.5 min - 30.0 s" in page.text  # of each training, and no energy
    assert "2 trainings 3.0 min - 1.0 min" in page.text
    files.edit_json("sudoku/hrm/seed0/provenance.json", energy_joules=7200.0)
    assert "2 trainings 3.0 min 7,200 J (of 1 trainings) 1.0 min" in Page(rendered(files)).text


def test_a_section_whose_experiment_is_not_run_is_left_out(page: Page) -> None:
    assert "Absent" not in page.text


def test_a_partial_page_shows_what_there_is(files: Files) -> None:
    for missing in (
        "figures/smoke/sudoku_curves.svg",
        "figures/smoke/two_steps.png",
        "results/smoke/table.csv",
        "results/smoke/memory.json",
        "results/smoke/sudoku/transformer/seed0/provenance.json",
    ):
        (files.root / missing).unlink()
    page = Page(rendered(files, "--partial"))
    assert "1 trainings" in page.text
    assert "states of sudoku/hrm, seed 0" in page.text and "test time of sudoku/hrm, seed 0" in page.text
    assert [image["alt"] for image in page.images()] == [f"a film. {HOSTILE} animation."]
    (files.figures / "one_steps.gif").unlink()
    page = Page(rendered(files, "--partial"))
    assert not page.images()
    assert "section-all" not in {found.get("id") for _, found in page.tags}


def test_a_partial_page_of_all_files_is_the_page(made: Files, files: Files) -> None:
    assert rendered(made) == rendered(files, "--partial")


RECORDS = ("evaluation.json", "states.json", "test_time.json")


@pytest.mark.parametrize("options", [[], ["--partial"]])
def test_records_are_those_of_the_raw_weights_or_else_of_the_averaged_ones(
    made: Files, files: Files, options: list[str]
) -> None:
    before = rendered(made)
    folders = sorted(files.results.rglob("raw"))
    assert len(folders) == len(RECORDS) + 1
    for folder in folders:
        shutil.copytree(folder, folder.parent / "ema")
        for path in (folder.parent / "ema").iterdir():
            changes = {"finished": "2026-09-09T03:04:05+00:00"} if path.name in RECORDS else {"another": 1.0}
            files.edit_json(str(path.relative_to(files.results)), **changes)
    assert rendered(files, *options) == before
    for folder in folders:
        shutil.rmtree(folder)
    page = Page(rendered(files, *options))
    for anchor in ("run-sudoku-transformer-0", "states-sudoku-hrm-0", "test_time-sudoku-hrm-0"):
        assert "2026-09-09" in page.rows[anchor]


def test_equal_files_give_equal_bytes(made: Files, files: Files) -> None:
    assert rendered(made) == rendered(files)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("figures/smoke/sudoku_curves.svg", ["is missing", "report.yaml: sections.all"]),
        ("results/smoke/table.csv", ["is missing", "report.yaml: sections.all"]),
        ("results/smoke/claims.json", ["cannot be read"]),
        ("results/smoke/sudoku/transformer/seed0/provenance.json", ["cannot be read"]),
        ("results/smoke/sudoku/transformer/seed0/raw/evaluation.json", ["cannot be read"]),
        ("results/smoke/states/sudoku/hrm/seed0/raw/states.json", ["cannot be read"]),
        ("results/smoke/test_time/sudoku/hrm/seed0/raw/test_time.json", ["cannot be read"]),
        ("results/smoke/test_time/sudoku/hrm/seed0/raw/metrics.json", ["cannot be read"]),
        ("params/report.yaml", ["cannot be read"]),
    ],
)
def test_a_missing_file_is_one_line(
    files: Files, capsys: pytest.CaptureFixture[str], missing: str, words: list[str]
) -> None:
    (files.root / missing).unlink()
    refused(files, capsys, missing, *words)


@pytest.mark.parametrize("name", ["sudoku_curves.svg", "one_steps.gif", "two_steps.png"])
@pytest.mark.parametrize("keep", [0, 40])
def test_a_broken_picture_is_one_line(files: Files, capsys: pytest.CaptureFixture[str], name: str, keep: int) -> None:
    path = files.figures / name
    path.write_bytes(path.read_bytes()[:keep])
    refused(files, capsys, name, "cannot be read as a picture")


def test_records_that_lack_a_key_or_are_of_another_scale_are_one_line(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files.edit_json("sudoku/hrm/seed0/provenance.json", params={"train": {}})
    refused(files, capsys, "sudoku/hrm/seed0/provenance.json", "params.train.steps")
    files.edit_json("claims.json", scale="gpu")
    refused(files, capsys, "claims.json", "'gpu'", "'smoke'")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": "red"}, ["unknown key sections.all.colour"]),
        ({"claims": ["Nothing begins so"]}, ["sections.all", "Nothing begins so", "Size of HRM"]),
        (
            {"figures": [{"title": "x", "kind": "curves", "files": ["../x.svg"], "caption": "x", "folded": False}]},
            ["../x.svg"],
        ),
        (
            {"figures": [{"title": "x", "kind": "curves", "files": ["{seed}.svg"], "caption": "x", "folded": False}]},
            ["{seed}.svg"],
        ),
        ({"figures": [{"title": "x", "kind": "curves", "files": ["x.svg"], "caption": "x"}]}, ["folded is missing"]),
        (
            {"figures": [{"title": "x", "kind": "no_kind", "files": ["x.svg"], "caption": None, "folded": False}]},
            ["sections.all", "no_kind", "allowed are curves, animation"],
        ),
        ({"tables": [{"file": "{task}.csv", "caption": "x", "folded": False}]}, ["{task}.csv"]),
    ],
)
def test_the_file_of_sections_is_strict(
    files: Files, capsys: pytest.CaptureFixture[str], change: dict[str, object], words: list[str]
) -> None:
    sections = yaml.safe_load((files.params / "report.yaml").read_text())["sections"]
    files.edit_params("report", sections={"all": sections["all"] | change})
    refused(files, capsys, "report.yaml", *words)


def test_patterns_stand_for_each_experiment_and_data_set_of_the_pipeline() -> None:
    report, pipeline = report_params(PARAMS), pipeline_params(PARAMS)
    files = report.figure_files(pipeline)
    assert [name for name in files if name.endswith("_curves.svg")] == [f"{e}_curves.svg" for e in pipeline.experiments]
    assert {f"{task}/contact_sheet.png" for task in pipeline.datasets} <= set(files)
    assert len(files) == len(set(files))


def test_the_twelve_questions_stand_first_with_answers_of_other_ledgers(files: Files) -> None:
    other = files.root / "reference" / "claims.json"
    ledger = json.loads((files.results / "claims.json").read_text())
    for claim in ledger["claims"]:
        claim["verdict"] = "reproduced" if claim["id"] == "fourth" else claim["verdict"]
    other.parent.mkdir()
    other.write_text(json.dumps(ledger | {"scale": "gpu"}))
    headline = [{"question": f"About {name}?", "claim": name, "said": None} for name in ("fourth", "second")]
    files.edit_params("report", headline=headline)
    alone = Page(rendered(files)).text
    assert "About fourth? 55.0 % – – not run because" in alone
    page = Page(rendered(files, "--others", str(other))).text
    assert "About fourth? 55.0 % – reference ✓ reproduced reference, scale gpu" in page
    assert "smoke ✗ not reproduced" in page
    header = page.partition("Contents")[0]
    assert "commit" not in header.partition("2 questions")[2] and "0123456789" not in header


def test_claims_can_be_filtered_and_sorted_by_what_their_rows_hold(page: Page) -> None:
    rows = {found["id"]: found for tag, found in page.tags if tag == "tr" and found.get("id", "").startswith("claim-")}
    first, fourth = rows["claim-first"], rows["claim-fourth"]
    assert (first["data-state"], first["data-verdict"], first["data-source"]) == ("judged", "reproduced", "a paper")
    assert (first["data-published"], first["data-ours"], first["data-rank"]) == ("55.0", "50.0", "0")
    assert fourth["data-state"] == "silent" and "data-ours" not in fourth
    assert rows["claim-seventh"]["data-state"] == "computed"
    assert len(rows) == 10


def test_each_kind_of_figure_has_one_caption_for_the_page_and_for_snakemake(files: Files, page: Page) -> None:
    kinds = "aggregates animation charts claims contact_sheet curves difficulty memory participation residuals routing"
    for kind in [*kinds.split(), "segments", "steps", "summary", "test_time", "votes"]:
        assert len(caption_of(kind, PARAMS)) > 40
    assert f"{caption_of('curves', PARAMS)} {HOSTILE}" in page.text  # the kind's, then what the section adds
    assert f"{HOSTILE} it moves" in page.text
    assert set(figure_modules()) <= {MODULES.get(kind, kind) for kind in report_params(PARAMS).kinds}
    with pytest.raises(ParameterError, match=r"report\.yaml: has no kind nothing; allowed are aggregates, "):
        caption_of("nothing", PARAMS)
    report = report_params(files.params)
    known = report.kinds["curves"]
    twice = {"curves": known.model_copy(update={"caption": "another"}), "nothing": known}
    for kind, words in (("curves", "must be null"), ("nothing", "is null")):
        with pytest.raises(ParameterError, match=rf"report\.yaml: kinds\.{kind}\.caption {words}"):
            caption_in(report.model_copy(update={"kinds": twice}), kind, Path("report.yaml"))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
@example([0.5, 1.0])  # the greatest is whole, and yet the other needs decimals
@example([87.4, 27e6])
def test_numbers_of_a_column_are_rounded_alike_unless_some_are_far_greater(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    path.write_text("\n".join(["x", *map(repr, values)]))
    shown = [row[0].text for row in read_csv(path, "a test").rows]
    largest = max(map(abs, values))
    if largest < 10_000:
        assert len({len(text.partition(".")[2]) for text in shown}) == 1
    for text, value in zip(shown, values, strict=True):
        close = largest if largest < 10_000 else abs(value)
        assert float(text.replace(",", "")) == pytest.approx(value, abs=max(1e-3 * close, 6e-4))


def test_durations_and_energies_read_well() -> None:
    assert [duration(seconds) for seconds in (None, 0.04, 59.0, 90.0, 5400.0)] == [
        *("–", "0.0 s", "59.0 s", "1.5 min", "1.5 h")
    ]
    assert [energy(joules) for joules in (None, 1234.5, 7.2e6)] == ["-", "1,234 J", "2.00 kWh"]
