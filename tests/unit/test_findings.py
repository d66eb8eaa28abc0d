"""What a run says at its end."""

from typing import Any

from hrm.report.findings import findings


def claim(
    identity: str, verdict: str, seeds: int, low: float, high: float, category: str = "training"
) -> dict[str, Any]:
    return {
        "id": identity,
        "category": category,
        "verdict": verdict,
        "statement": f"statement {identity}",
        "unit": "per cent",
        "judged_at": ["smoke"],
        "weights": "raw",
        "ours": {
            "answer": "sudoku/hrm/exact_accuracy",
            "mean": (low + high) / 2,
            "low": low,
            "high": high,
            "seeds": seeds,
            "method": "t",
            "over": "seeds",
            "test_examples": 9,
        },
    }


def test_the_firmest_findings_come_first_and_settings_and_open_verdicts_are_not_among_them() -> None:
    ledger = {
        "scale": "smoke",
        "claims": [
            claim("wide", "reproduced", 3, 10.0, 90.0),
            claim("narrow", "contradicted", 3, 49.0, 51.0),
            claim("one", "inconsistent, one seed", 1, 49.9, 50.1),
            claim("open", "undecided", 3, 49.9, 50.1),
            claim("setting", "agrees", 3, 50.0, 50.0, "settings"),
        ],
    }
    lines = findings(ledger)[-3:]
    assert ["narrow" in lines[0], "wide" in lines[1], "one" in lines[2]] == [True] * 3
    assert "contradicted" in lines[0]
    assert "5 " not in findings(ledger)[0].partition(":")[0]
