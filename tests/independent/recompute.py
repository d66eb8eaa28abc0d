"""Counts headline numbers again from stored answers and the data, with numpy alone and nothing of the package hrm.

    python tests/independent/recompute.py RUN DATA [RUN DATA ...]

RUN is results/SCALE/TASK/VARIANT/seedN, with a folder for each set of weights (raw, ema) that holds predictions.npz
(answers and halt logits of the network) and metrics.json; provenance.json beside them says how the network halts. DATA
is the folder of the data set. What is counted again:

    exact_accuracy           the whole grid is right
    cell_accuracy            cells that are right, of those that the label counts (token 0 counts nowhere)
    open_accuracy            the same of cells whose label differs from the input
    mean_steps, halted_share   when each example stops at its first segment whose halt head says so
    optimal_path_accuracy    mazes: exactly one shortest path is marked, found by a breadth-first search of its own
    arc_pass_at_2, arc_pass_at_2_inputs   ARC: one of the two attempts of submission.json is the right grid

Prints a line a number; exit code 0 when every one is that of metrics.json to its six decimals, 1 when one is not, 2
when a file is missing.
"""

import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np

TOLERANCE = 1e-6  # metrics.json has six decimals
PADDING = 0
WALL, OPEN, START, GOAL, PATH = 1, 2, 3, 4, 5  # tokens of mazes
FIRST_COLOUR, LAST_COLOUR = 2, 11  # tokens of ARC
NUMBERS = {"U8": "<u1", "I32": "<i4", "I64": "<i8", "F32": "<f4"}


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file: eight bytes of length, a JSON header with types, shapes and places, then the numbers."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    body = content[8 + length :]
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(body[start:end], dtype=NUMBERS[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def of_cells(inputs: np.ndarray, labels: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    """Accuracies of answers (examples, cells)."""
    counted = labels != PADDING
    opened = counted & (inputs != labels)
    right = answers == labels
    return {
        "exact_accuracy": float((right | ~counted).all(axis=1).mean()),
        "cell_accuracy": right[counted].sum() / max(counted.sum(), 1),
        "open_accuracy": right[opened].sum() / max(opened.sum(), 1),
    }


def of_halting(q: np.ndarray, rule: str) -> dict[str, float]:
    """How long examples run, from logits of halt and continue (segments, examples, 2) after each segment."""
    segments, examples, _ = q.shape
    if rule == "q_learning":
        wants = q[..., 0] > q[..., 1]
    elif rule == "fixed":
        wants = np.zeros((segments, examples), dtype=bool)
    else:
        wants = q[..., 0] > 0
    steps = np.full(examples, segments)
    for segment in range(segments, 0, -1):
        steps[wants[segment - 1]] = segment
    return {"mean_steps": steps.mean(), "halted_share": wants.any(axis=0).mean()}


def distances(passable: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Steps (mazes, rows, columns) from `sources` through `passable` cells, bool of that shape; -1 out of reach."""
    reached = sources.copy()
    found = np.where(sources, 0, -1)
    step = 0
    while True:
        step += 1
        near = np.zeros_like(reached)
        near[:, 1:] |= reached[:, :-1]
        near[:, :-1] |= reached[:, 1:]
        near[:, :, 1:] |= reached[:, :, :-1]
        near[:, :, :-1] |= reached[:, :, 1:]
        new = near & passable & ~reached
        if not new.any():
            return found
        found[new] = step
        reached |= new


def of_mazes(inputs: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    """Share of answers that are their maze with the cells of exactly one shortest path marked.

    With as many marked cells as a shortest path has between start and goal, a way through marked cells alone that is as
    short takes them all.
    """
    side = round(inputs.shape[1] ** 0.5)
    mazes, marks = (tokens.reshape(-1, side, side) for tokens in (inputs, answers))
    marked = (marks == PATH) & (mazes == OPEN)
    kept = ((marks == mazes) | marked).all(axis=(1, 2))
    start, goal = mazes == START, mazes == GOAL
    shortest = np.where(goal, distances(mazes != WALL, start), -1).max(axis=(1, 2))
    through_marks = np.where(goal, distances(marked | start | goal, start), -1).max(axis=(1, 2))
    count = marked.sum(axis=(1, 2))
    right = kept & (shortest > 0) & (through_marks == shortest) & (count == shortest - 1)
    return {"optimal_path_accuracy": float(right.mean())}


def grid_of(tokens: np.ndarray) -> list[list[int]]:
    """The colours of a label: the grid at the top left of its canvas, which end marks or pads surround."""
    side = round(len(tokens) ** 0.5)
    canvas = tokens.reshape(side, side).astype(int)
    coloured = (canvas >= FIRST_COLOUR) & (canvas <= LAST_COLOUR)
    height, width = int(coloured[:, 0].sum()), int(coloured[0].sum())
    return (canvas[:height, :width] - FIRST_COLOUR).tolist()


def of_arc(
    submission: dict[str, list[dict[str, Any]]], names: list[str], test: dict[str, np.ndarray]
) -> dict[str, float]:
    """Share of tasks whose test inputs are all right in one of two attempts, and mean share of inputs that are."""
    shares = []
    for group, name in enumerate(names):
        labels = [grid_of(label) for label in test["labels"][test["groups"] == group]]
        if name in submission:
            attempts = submission[name]
            right = [label in (one["attempt_1"], one["attempt_2"]) for label, one in zip(labels, attempts, strict=True)]
            shares.append(sum(right) / len(attempts))
    return {
        "arc_pass_at_2": float(np.mean([share == 1 for share in shares])),
        "arc_pass_at_2_inputs": float(np.mean(shares)),
    }


def recompute(run: Path, weights: str, data: Path) -> dict[str, float]:
    """The numbers of one network with one set of weights."""
    halting = json.loads((run / "provenance.json").read_text())["params"]["halting"]
    described = json.loads((data / "dataset.json").read_text())
    test = read_safetensors(data / "test.safetensors")
    with np.load(run / weights / "predictions.npz", allow_pickle=False) as stored:
        answers, q = stored["answers"], stored["q"]
    inputs, labels = test["inputs"][: len(answers)], test["labels"][: len(answers)]
    judged = halting.get("judged_segments") or halting["max_segments"]
    if len(q) != judged:
        raise SystemExit(f"{run / weights}: predictions.npz has halt logits of {len(q)} segments; judged are {judged}")
    found = of_cells(inputs, labels, answers) | of_halting(q, halting["rule"])
    if described["family"] == "maze":
        found |= of_mazes(inputs, answers)
    submitted = run / weights / "submission.json"
    if submitted.is_file():
        found |= of_arc(json.loads(submitted.read_text()), described["group_names"]["test"], test)
    return {name: float(value) for name, value in found.items()}


def compare(run: Path, data: Path) -> int:
    """Print every number beside that of metrics.json; how many differ. Runs without stored answers are an error."""
    players = sorted(path.parent.name for path in run.glob("*/predictions.npz"))
    if not players:
        raise SystemExit(f"{run}: has no */predictions.npz")
    wrong = 0
    for weights in players:
        told = json.loads((run / weights / "metrics.json").read_text())
        for name, value in recompute(run, weights, data).items():
            there = told.get(name)
            same = there is not None and abs(there - value) <= TOLERANCE
            wrong += not same
            print(f"{'same' if same else 'DIFFERS':8}{run} {weights} {name}: counted {value:.6f}, told {there}")
    return wrong


def main(arguments: list[str]) -> int:
    """Compare each RUN with its DATA."""
    if not arguments or len(arguments) % 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        pairs = zip(arguments[::2], arguments[1::2], strict=True)
        return 1 if sum(compare(Path(run), Path(data)) for run, data in pairs) else 0
    except (OSError, KeyError, ValueError, SystemExit) as error:
        print(f"recompute: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
