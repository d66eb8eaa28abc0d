"""Tables of trainings as `hrm render` reads them."""

from pathlib import Path

from helpers import PARAMS
from hrm.report.words import Words

WORDS = Words(PARAMS)

HISTORY = "step,examples,seconds,loss,cell_accuracy,exact_accuracy,q_halt_accuracy,mean_steps,learning_rate"
SEGMENTS = "segments,trained_segments,examples,exact_accuracy,exact_accuracy_low,exact_accuracy_high,cell_accuracy"


def histories(root: Path, seeds: int = 3) -> list[Path]:
    paths = [root / "sudoku" / "hrm" / f"seed{seed}" / "history.csv" for seed in range(seeds)]
    for seed, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{step},{step},1,{1 / step},0.5,{step / 200 + seed / 100},0.9,3,0.1" for step in (25, 50, 75)]
        path.write_text("\n".join([HISTORY, *rows]) + "\n")
    return paths


def segment_tables(root: Path, seeds: int = 1, variant: str = "hrm", player: str = "raw") -> list[Path]:
    paths = [root / "sudoku" / variant / f"seed{seed}" / player / "segments.csv" for seed in range(seeds)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{k},2,500,{k / 10},{k / 10 - 0.05},{k / 10 + 0.05},0.9" for k in range(1, 9)]
        path.write_text("\n".join([SEGMENTS, *rows]) + "\n")
    return paths
