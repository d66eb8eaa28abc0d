"""A scale of two trainings with every file that the report page reads, full of text that means harm to HTML."""

import json
import shutil
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import yaml
from matplotlib.figure import Figure
from PIL import Image

from helpers import PARAMS
from hrm.report import style

HOSTILE = "<script>alert('1')</script> \" onerror=\"x & </td>"
RUNS = [("sudoku", "hrm", 0), ("sudoku", "transformer", 0)]
SHA = {"train": "ab" * 32, "test": "cd" * 32}
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """What a browser would find: tags with attributes, and the text of each element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.row: list[str] = []
        self.rows: dict[str, str] = {}
        self.links: dict[str, list[str]] = {}
        self.shown: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag == "tr":
            self.row = [found.get("id", "")]
        if tag == "a" and self.row:
            self.links.setdefault(self.row[0], []).append(found["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.shown.append(data)
        if self.row:
            self.rows[self.row[0]] = self.rows.get(self.row[0], "") + data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.shown).split())

    def images(self) -> list[dict[str, str]]:
        return [found for tag, found in self.tags if tag == "img"]


@dataclass(frozen=True)
class Files:
    """The folders, and edits of what lies in them."""

    root: Path

    @property
    def params(self) -> Path:
        return self.root / "params"

    @property
    def results(self) -> Path:
        return self.root / "results" / "smoke"

    @property
    def figures(self) -> Path:
        return self.root / "figures" / "smoke"

    def command(self, out: Path) -> list[str]:
        places = ["--results", str(self.results), "--figures", str(self.figures), "--params", str(self.params)]
        return ["render", "report", "--scale", "smoke", *places, "--out", str(out)]

    def edit_params(self, name: str, **changes: Any) -> None:
        path = self.params / f"{name}.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes, sort_keys=False))

    def edit_json(self, name: str, **changes: Any) -> None:
        path = self.results / name
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def write(self, name: str, value: Any) -> None:
        path = self.results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))


def record(**facts: Any) -> dict[str, Any]:
    return {
        "finished": "2026-01-02T03:04:05+00:00",
        "git": {"commit": "0123456789abcdef", "modified": True},
        "hardware": {"cpu": HOSTILE, "cpu_count": 2, "device": "cpu", "system": "Linux"},
        "versions": {"python": "3.12", "torch": "2.11"},
        "seconds": 90.0,
        **facts,
    }


def claim(identity: str, answer: str | None, verdict: str, **changes: Any) -> dict[str, Any]:
    ours = {
        "answer": answer,
        "mean": 50.0,
        "low": 40.0,
        "high": 60.0,
        "over": "test examples",
        "seeds": 1,
        "test_examples": 9,
        "method": "wilson",
    }
    return {
        "id": identity,
        "group": "Size of HRM",
        "category": "training",
        "weights": "raw",
        "no_skill": [{"player": "untrained", "value": 1.0, "meets": False}],
        "no_skill_status": "measured",
        "skill": [],
        "confounds": [],
        "margin_set": None,
        "statement": f"Claim {identity}",
        "source": "a paper",
        "where": "figure 1",
        "protocol": "the protocol",
        "differences": [],
        "value": 55.0,
        "relation": "equal",
        "tolerance": 2.0,
        "tolerance_basis": "stated",
        "spread": None,
        "unit": "per cent",
        "ours": ours if answer else None,
        "verdict": verdict,
        "reason": "because",
        **changes,
    }


def make_files(root: Path) -> Files:
    """Sections: one with every kind of figure and table, one of an experiment that the pipeline lacks."""
    files = Files(root)
    shutil.copytree(PARAMS, files.params)
    group = {"tasks": ["sudoku"], "variants": ["hrm", "transformer"], "seeds": [0]}
    looked_into = {"tasks": ["sudoku"], "variants": ["hrm"], "seeds": [0]}
    analysis = yaml.safe_load((PARAMS / "analysis.yaml").read_text())
    files.edit_params("pipeline", datasets=["sudoku"], films=["sudoku"], experiments={"sudoku": group})
    files.edit_params(
        "analysis",
        states=analysis["states"] | {"runs": {"sudoku": looked_into}},
        routing=analysis["routing"] | {"runs": {}},
        test_time=analysis["test_time"] | {"runs": {"sudoku": looked_into}},
    )
    figure = {"title": HOSTILE, "files": ["{experiment}_curves.svg"], "caption": HOSTILE, "folded": False}
    moving = {"title": "a film", "files": ["one_steps.gif", "two_steps.png"], "caption": "it moves", "folded": True}
    section = {
        "title": "All",
        "needs": ["sudoku"],
        "text": [HOSTILE],
        "claims": ["Size"],
        "figures": [figure, moving],
        "tables": [{"file": "table.csv", "caption": HOSTILE, "folded": False}],
    }
    absent = section | {"title": "Absent", "needs": ["boards"], "claims": ["No such group"]}
    headline = [{"question": HOSTILE, "claim": "first", "said": None}]
    files.edit_params(
        "report", title=HOSTILE, text=[HOSTILE], headline=headline, sections={"all": section, "absent": absent}
    )
    for task, variant, seed in RUNS:
        folder = f"{task}/{variant}/seed{seed}"
        settings = {"train": {"steps": 1234}, "note": HOSTILE}
        files.write(f"{folder}/provenance.json", record(parameters=5678, params=settings, data_sha256=SHA))
        files.write(f"{folder}/raw/evaluation.json", record(test_examples=9, seconds=30))
    files.write("states/sudoku/hrm/seed0/raw/states.json", record())
    files.write("states/sudoku/hrm/seed0/raw/metrics.json", {"residual_high_decline": -1.0})
    files.write("test_time/sudoku/hrm/seed0/raw/test_time.json", record())
    files.write("test_time/sudoku/hrm/seed0/raw/metrics.json", {"test_time_gain_votes": 0.1})
    files.write("memory.json", record())
    files.write("table.csv", f'name,value\n"{HOSTILE.replace(chr(34), chr(34) * 2)}",1.23456\nb,\n')
    ledger = [
        claim("first", "sudoku/hrm/exact_accuracy", "reproduced", statement=HOSTILE, differences=[HOSTILE] * 5),
        claim("second", "sudoku/hrm/residual_high_decline", "not reproduced"),
        claim("third", "sudoku/contrast_one/exact_accuracy", "within spread"),
        claim("fourth", None, "not run at this scale"),
        claim("fifth", "arc_agi_1/single_call/arc_gap_to_hrm", "undecided"),
        claim(
            "sixth",
            "sudoku/hrm/residual_low_within",
            "no evidence",
            no_skill=[{"player": "untrained", "value": 45.0, "meets": True}],
            confounds=[HOSTILE],
            margin_set={"date": "2026-11-22", "before_first_run": False},
        ),
        claim("seventh", "published/hrm/model_heads", "agrees", category="settings", weights=None, no_skill=[]),
        claim("eighth", "published/hrm/model_layers", "differs", category="settings", weights=None, no_skill=[]),
        claim("ninth", None, "not run at this scale", category="elsewhere", no_skill_status="not asked", no_skill=[]),
    ]
    ledger.append(claim("tenth", "sudoku/hrm/test_time_gain_votes", "reproduced"))
    files.write("claims.json", {"scale": "smoke", "claims": ledger})
    files.edit_params(
        "comparisons",
        contrasts={
            "one": {"task": "sudoku", "metrics": ["exact_accuracy"], "weights": {"hrm": 1.0, "transformer": -1.0}}
        },
    )
    _draw(files.figures)
    return files


def _draw(folder: Path) -> None:
    folder.mkdir(parents=True)
    with style.styled():
        figure = Figure(figsize=(2, 1))
        figure.text(0.5, 0.5, "x")
        style.save(figure, folder / "sudoku_curves")
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "green", "blue")]
    frames[0].save(folder / "one_steps.gif", save_all=True, append_images=frames[1:], duration=100)
    frames[0].save(folder / "two_steps.png")
