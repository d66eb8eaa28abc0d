"""Tables of votes as the evaluation of ARC models writes them."""

from pathlib import Path

VOTES = "votes,k,subsets,tasks,test_inputs,task_score,task_score_low,task_score_high,task_score_least,task_score_most"


def vote_tables(root: Path, player: str = "raw") -> list[Path]:
    """Two variants, of which two votes solve 40 % by two answers, ten votes 60 %."""
    paths = [root / "arc_agi_1" / variant / "seed0" / player / "votes.csv" for variant in ("hrm", "hrm_loops_1")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{v},{k},4,10,12,{s},{s - 0.1},{s + 0.1},{s},{s}" for v, s in ((2, 0.4), (10, 0.6)) for k in (1, 2)]
        path.write_text("\n".join([VOTES, *rows]) + "\n")
    return paths
