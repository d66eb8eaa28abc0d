"""Tries, choices among them, easy puzzles and foreign ids against plain references, and the command for them."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from evaluation_doubles import PARAMS, halting_params, scripted_examples, write_tiny_dataset, write_tiny_model
from torch import Tensor

from arc_cases import program_params
from helpers import facts_of, tiny_run
from hrm.analysis.choices import any_right, best_halt, first_to_halt, majority, of_first
from hrm.analysis.tries import Noisy, Tries, emptying_order, noisy_tries, symmetric_tries, with_empty_cells
from hrm.analysis.votes_and_ids import BLANK, WithIds, id_table
from hrm.cli import main
from hrm.core.analysis_schema import NoiseParams
from hrm.core.intervals import paired_difference
from hrm.core.schema import evaluation_params
from hrm.data.arc.task import TASK
from hrm.data.dataset import Dataset, load_dataset
from hrm.data.sudoku.task import EMPTY
from hrm.data.task import Exam, find_task
from hrm.evaluation.evaluate import test_examples as examples_of
from hrm.evaluation.segments import Examples
from hrm.report.claims_file import read_claims
from hrm.report.summary import summarise
from hrm.training.checkpoint import load_model, load_tensors, model_from_facts, save_tensors

CPU = torch.device("cpu")
FILES = ["metrics.json", "test_time.csv", "test_time.json"]
PLAYERS = ("raw", "ema", "untrained")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    model = folder / "model.safetensors"
    write_tiny_model(model, write_tiny_dataset(folder / "data", 11))
    tensors, facts = load_tensors(model)
    tensors["raw.q_head.bias"] = torch.tensor([100.0, -100.0])  # these weights halt at once, the averaged ones late
    tensors["ema.q_head.bias"] = -tensors["raw.q_head.bias"]
    save_tensors(model, tensors, facts)
    return folder


@pytest.fixture(scope="module")
def arc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ARC data set of tasks made by program, and an untrained model."""
    folder = tmp_path_factory.mktemp("arc")
    made = program_params(folder)
    TASK.write_dataset(
        folder / "data", made, TASK.make_candidates(made, 0, TASK.candidate_count(made), 1, lambda _: None), 1
    )
    dataset = load_dataset(folder / "data")
    facts = facts_of(dataset) | {"data_info": dataset.info.model_dump(), "step": 0}
    params = tiny_run("halting.max_segments=2")
    model = model_from_facts(params, facts)
    buffers = dict(model.named_buffers())
    tensors = {f"buffer.{name}": buffers[name] for name in model.state_dict() if name in buffers}
    for name, weight in model.named_parameters():
        tensors |= {f"ema.{name}": weight, f"raw.{name}": weight + 0.1}
    save_tensors(folder / "model.safetensors", tensors, {"kind": "model", **facts, "params": params.model_dump()})
    return folder


def analyse(folder: Path, out: Path, *more: str) -> int:
    places = ["--model", str(folder / "model.safetensors"), "--data", str(folder / "data"), "--out", str(out)]
    quick = ["--set", "test_time.examples.smoke=7", "--set", "test_time.tries=[1, 3]"]
    return main(["analyse", "test_time", *places, "--params", str(PARAMS), "--device", "cpu", *quick, *more])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


class Echo:
    """Answers every cell with its own token; halts from the second segment on."""

    def initial_carry(self, batch: int, device: torch.device) -> Any:
        return 0

    def __call__(self, carry: Any, inputs: Tensor, puzzle_ids: Tensor) -> tuple[Any, Tensor, Tensor]:
        halt = torch.full((len(inputs), 2), float(carry > 0))
        halt[:, 1] = 0.5
        return carry + 1, torch.nn.functional.one_hot(inputs, 16).float(), halt


class Count(NamedTuple):
    """The states of `Counting`: the segments so far."""

    count: Tensor


class Counting(Echo):
    """As Echo, with a state that can take noise."""

    def initial_carry(self, batch: int, device: torch.device) -> Any:
        return Count(torch.zeros(batch))

    def __call__(self, carry: Any, inputs: Tensor, puzzle_ids: Tensor) -> tuple[Any, Tensor, Tensor]:
        number, logits, q = super().__call__(round(float(carry.count.mean())), inputs, puzzle_ids)
        return Count(torch.full_like(carry.count, number)), logits, q


def tries_of(exact: list[list[bool]], halt: list[list[float]], answers: list[int], wants: list[list[bool]]) -> Tries:
    """Of one example: `exact` and the others are (tries, segments), `answers` numbers (tries,)."""
    arrays = np.array(exact)[:, :, None], np.array(halt)[:, :, None], np.array(wants)[:, :, None]
    return Tries(*arrays, np.array(answers, dtype=np.uint8)[:, None, None])


def test_a_paired_difference_is_that_of_agresti_and_min() -> None:
    first = np.array([True] * 30 + [False] * 70)
    second = np.array([False] * 20 + [True] * 15 + [False] * 65)
    found = paired_difference(first, second, 0.95)  # 20 gained, 5 lost
    middle, variance = 15 / 102, (20.5 + 5.5 - 15**2 / 102) / 102**2
    assert found.value == pytest.approx(0.15)
    assert (found.low, found.high) == pytest.approx(
        (middle - 1.96 * variance**0.5, middle + 1.96 * variance**0.5), abs=1e-5
    )
    # Ways that agree on few puzzles are not proved to be equal.
    equal = paired_difference(first[:10], first[:10], 0.95)
    assert equal.value == 0 and equal.low < -0.1 and equal.high > 0.1
    with pytest.raises(ValueError, match="same puzzles"):
        paired_difference(first, second[:3], 0.95)


@pytest.mark.parametrize("place", ["start", "every_segment"])
def test_noise_comes_where_and_as_it_is_asked_for(trained: Path, place: str) -> None:
    model = load_model(trained / "model.safetensors", "ema", CPU, compile=False).model
    noise = NoiseParams.model_validate({"deviation": 0.5, "place": place})
    tokens, ids = torch.full((400, 16), 2), torch.zeros(400, dtype=torch.long)
    given: list[Any] = []
    model.register_forward_pre_hook(lambda _, arguments: given.append(arguments[0]))
    noisy = Noisy(model, noise, 3, 0)
    carry = noisy.initial_carry(400, CPU)
    second, _, _ = noisy(carry, tokens, ids)
    noisy(second, tokens, ids)
    added = [
        after - before
        for after, before in zip(given, (model.initial_carry(400, CPU), second), strict=True)
        for after, before in zip(after, before, strict=True)
    ]
    stds = [float(values.std()) for values in added]  # high and low state of both segments
    wanted = [0.5] * 4 if place == "every_segment" else [0.5, 0.5, 0.0, 0.0]
    assert stds == pytest.approx(wanted, abs=0.02)
    assert abs(np.corrcoef(added[0].flatten(), added[1].flatten())[0, 1]) < 0.02  # each state has its own
    again, other = (Noisy(model, noise, 3, number) for number in (0, 1))
    logits = [
        each(each.initial_carry(5, CPU), tokens[:5], ids[:5])[1] for each in (Noisy(model, noise, 3, 0), again, other)
    ]
    assert torch.equal(logits[0], logits[1]) and not torch.equal(logits[0], logits[2])


def test_tries_keep_answers_and_halt_values_of_every_segment() -> None:
    examples = Examples(torch.full((3, 4), 5), torch.full((3, 4), 5), torch.zeros(3, dtype=torch.long))
    noise = NoiseParams.model_validate({"deviation": 1e-6, "place": "start"})
    found = noisy_tries(Counting(), examples, halting_params(2), 2, noise, 0, 2)
    assert found.exact.shape == found.halt.shape == found.wants.shape == (2, 2, 3)
    assert found.exact.all() and not found.wants[:, 0].any() and found.wants[:, 1].all()
    assert found.halt[:, 1] == pytest.approx(1 / (1 + np.exp(-1.0)))
    fixed = noisy_tries(Counting(), examples, halting_params(2, "fixed"), 2, noise, 0, 2)
    assert not fixed.halt.any() and not fixed.wants.any()


@pytest.mark.parametrize("family", ["sudoku", "maze"])
def test_answers_to_symmetric_puzzles_are_turned_back(trained: Path, family: str) -> None:
    dataset = load_dataset(trained / "data")
    info = dataset.info.model_copy(update={"family": family})
    examples = examples_of(dataset, None, CPU)
    symmetry = find_task(family).symmetry(info, 0)
    assert symmetry is not None
    moved = [symmetry.apply(symmetry.codes(number, 11), examples.inputs) for number in range(5)]
    assert torch.equal(moved[0], examples.inputs)
    assert not any(torch.equal(tokens, examples.inputs) for tokens in moved[1:])
    found = symmetric_tries(Echo(), examples, halting_params(2), 100 if family == "maze" else 5, symmetry, 4)
    assert len(found.answers) == (8 if family == "maze" else 5)
    assert (found.answers == examples.inputs.numpy()).all()
    assert (found.exact == (examples.inputs == examples.labels).all(dim=1).numpy()).all()
    assert find_task("arc").symmetry(info, 0) is None


def test_the_ways_to_choose() -> None:
    found = tries_of(
        exact=[[True, False], [False, True], [False, False], [False, False]],
        halt=[[0.6, 0.1], [0.2, 0.7], [0.7, 0.9], [0.1, 0.9]],
        answers=[1, 2, 3, 3],
        wants=[[True, False], [False, True], [False, True], [False, True]],
    )
    first = first_to_halt(found)
    assert (first.right.tolist(), first.segments.tolist(), first.passes.tolist()) == ([True], [1], [4])
    assert best_halt(found).right.tolist() == [False]  # the third, the first of the two highest
    assert best_halt(of_first(found, 2)).right.tolist() == [True]
    assert (best_halt(found).segments.tolist(), best_halt(found).passes.tolist()) == ([2], [8])
    assert majority(found).right.tolist() == [False]  # answer 3 twice
    assert majority(of_first(found, 3)).right.tolist() == [False]  # one each: 3 has the highest halt value
    assert majority(of_first(found, 2)).right.tolist() == [True]
    assert any_right(found).right.tolist() == [True] and any_right(of_first(found, 1)).right.tolist() == [False]


def test_where_nobody_halts_the_highest_halt_value_at_the_end_answers() -> None:
    never = [[False, False], [False, False]]
    found = tries_of([[True, False], [False, True]], [[0.9, 0.2], [0.1, 0.3]], [1, 2], never)
    chosen = first_to_halt(found)
    assert (chosen.right.tolist(), chosen.segments.tolist(), chosen.passes.tolist()) == ([True], [2], [4])
    # One that halts at the last segment goes before one that does not, whatever their values.
    late = tries_of([[True, False], [False, True]], [[0.9, 0.5], [0.1, 0.3]], [1, 2], [[False, False], [False, True]])
    assert first_to_halt(late).right.tolist() == [True]


def test_few_cells_are_emptied_more_of_them_are_the_same_ones() -> None:
    examples = scripted_examples([1] * 6, [1] * 6)
    order = emptying_order(6, 4, 0)
    easy = [with_empty_cells(examples, order, count, EMPTY).inputs for count in (1, 2, 3)]
    for count, inputs in zip((1, 2, 3), easy, strict=True):
        empty = inputs == EMPTY
        assert empty.sum(dim=1).tolist() == [count] * 6
        assert torch.equal(inputs[~empty], examples.labels[~empty])
    assert ((easy[0] == EMPTY) <= (easy[1] == EMPTY)).all() and len(order[:, 0].unique()) > 1


class Knowing:
    """Knows the answers to the test inputs under their own ids; under others it answers with the input."""

    def __init__(self, dataset: Dataset) -> None:
        test = dataset.test
        self.known = {
            (bytes(inputs), int(test.first_ids[group])): torch.from_numpy(label.astype(np.int64))
            for inputs, label, group in zip(test.inputs, test.labels, test.groups, strict=True)
        }

    def initial_carry(self, batch: int, device: torch.device) -> None:
        return None

    def __call__(self, carry: None, inputs: Tensor, puzzle_ids: Tensor) -> tuple[None, Tensor, Tensor]:
        keys = [
            (bytes(row.to(torch.uint8).numpy()), int(number)) for row, number in zip(inputs, puzzle_ids, strict=True)
        ]
        answers = torch.stack([self.known.get(key, row) for key, row in zip(keys, inputs, strict=True)])
        return None, torch.nn.functional.one_hot(answers, 12).float(), torch.zeros(len(inputs), 2)


def test_puzzle_ids_are_replaced_by_the_blank_one_or_those_of_the_next_task(arc: Path) -> None:
    dataset = load_dataset(arc / "data")
    first, counts = dataset.test.first_ids, (dataset.test.plan >= 0).sum(axis=1)
    assert torch.equal(id_table(dataset, "own_id"), torch.arange(dataset.info.puzzle_ids))
    assert (id_table(dataset, "blank_id") == BLANK).all()
    table = id_table(dataset, "other_id")
    for group in range(len(first)):
        other = (group + 1) % len(first)
        replaced = table[int(first[group]) : int(first[group] + counts[group])]
        assert int(replaced[0]) == first[other]
        assert ((replaced >= int(first[other])) & (replaced < int(first[other] + counts[other]))).all()
    inputs = torch.from_numpy(dataset.test.inputs)
    votes = evaluation_params(PARAMS, ["votes.block=64"]).votes
    asked = Exam(dataset, inputs, torch.from_numpy(dataset.test.rating), 1, False, votes, 0.95, 5, 5)
    found = {
        ids: TASK.solved(WithIds(Knowing(dataset), id_table(dataset, ids)), asked, 1)
        for ids in ("own_id", "blank_id", "other_id")
    }
    assert found["own_id"][0].all() and len(found["own_id"][0]) == len(first)
    same = [
        bool((dataset.test.inputs == dataset.test.labels).all(axis=1)[dataset.test.groups == group].all())
        for group in range(len(first))
    ]
    assert found["blank_id"][0].sum() == found["other_id"][1].sum() == sum(same)


def test_the_command_writes_a_folder_for_each_set_of_weights(trained: Path, tmp_path: Path) -> None:
    for name in "ab":
        assert analyse(trained, tmp_path / name) == 0
    for weights in ("raw", "ema"):
        folder = tmp_path / "a" / weights
        assert sorted(path.name for path in folder.iterdir()) == FILES
        for name in FILES[:2]:
            assert (folder / name).read_bytes() == (tmp_path / "b" / weights / name).read_bytes()
        rows = rows_of(folder / "test_time.csv")
        assert {row["weights"] for row in rows} == {weights} and {row["examples"] for row in rows} == {"7"}
        assert {row["method"] for row in rows} == {"segments", "noise", "symmetries", "empty_cells"}
        last = [int(row["segments"]) for row in rows if (row["method"], row["choice"]) == ("segments", "last")]
        assert last == [1, 2, 4, 8, 16]
        assert [row["empty_cells"] for row in rows if row["method"] == "empty_cells"] == ["1", "2", "4", "8"]
        noise = {(row["noise"], row["noise_place"]) for row in rows if row["method"] == "noise"}
        assert noise == {("0.2", "every_segment"), ("1.0", "every_segment"), ("1.0", "start")}
        record = json.loads((folder / "test_time.json").read_text())
        assert record["weights"] == weights and "first_to_halt" in record["definitions"]["choice"]
    untrained = json.loads((tmp_path / "a" / "untrained" / "metrics.json").read_text())
    assert untrained["test_time_gain_symmetries_first_to_halt"] == 0
    raw, ema = (json.loads((tmp_path / "a" / weights / "metrics.json").read_text()) for weights in ("raw", "ema"))
    assert raw.keys() == ema.keys() == untrained.keys()
    assert {name for name in raw if raw[name] != ema[name]} == {
        "test_time_share_of_passes_noise_first_to_halt",
        "test_time_share_of_passes_symmetries_first_to_halt",
    }


def test_the_weights_are_those_of_the_evaluation(trained: Path, tmp_path: Path) -> None:
    params = Path(shutil.copytree(PARAMS, tmp_path / "params"))
    text = (params / "evaluation.yaml").read_text()
    (params / "evaluation.yaml").write_text(text.replace("weights: [raw, ema]", "weights: [ema]"))
    assert analyse(trained, tmp_path / "ema", "--params", str(params)) == analyse(trained, tmp_path / "both") == 0
    assert sorted(path.name for path in (tmp_path / "ema").iterdir()) == ["ema", "untrained"]
    for name in ("ema/test_time.csv", "ema/metrics.json", "untrained/metrics.json"):
        assert (tmp_path / "ema" / name).read_bytes() == (tmp_path / "both" / name).read_bytes()


def test_claims_ask_for_numbers_that_the_analysis_gives(trained: Path, arc: Path, tmp_path: Path) -> None:
    assert analyse(trained, tmp_path / "sudoku") == 0 and analyse(arc, tmp_path / "arc") == 0
    given = {
        task: set.intersection(
            *(set(json.loads((tmp_path / task / player / "metrics.json").read_text())) for player in PLAYERS)
        )
        for task in ("sudoku", "arc")
    }
    claims = read_claims(PARAMS / "claims.yaml")
    answers = [answer.split("/") for group in claims.groups for claim in group.claims for answer in claim.answers]
    asked = [(task, metric) for task, _, metric in answers if metric.startswith("test_time_")]
    assert len(asked) >= 13
    assert [
        (task, metric) for task, metric in asked if metric not in given["sudoku" if task == "sudoku" else "arc"]
    ] == []


def test_arc_has_votes_and_ids_and_no_empty_cells(arc: Path, tmp_path: Path) -> None:
    assert analyse(arc, tmp_path, "--set", "test_time.copies=3") == 0
    rows = rows_of(tmp_path / "ema" / "test_time.csv")
    assert {row["method"] for row in rows} == {"segments", "noise", "votes"}
    votes = {(row["ids"], row["tries"], row["answers"]) for row in rows if row["method"] == "votes"}
    assert votes == {(ids, tries, k) for ids in ("own_id", "blank_id", "other_id") for tries in "13" for k in "12"}


def test_one_seed_keeps_its_paired_interval_in_the_summary() -> None:
    metrics = {"test_time_gain_x": 0.1, "test_time_gain_x_paired_low": 0.05, "test_time_gain_x_paired_high": 0.2}
    metrics |= {"test_time_accuracy_y": 0.5, "test_time_accuracy_y_low": 0.4, "test_time_accuracy_y_high": 0.6}
    rows = {row.metric: row for row in summarise({("sudoku", "hrm"): {"seed0": metrics}}, "ema", 0.95)}
    assert {row.weights for row in rows.values()} == {"ema"}
    assert sorted(rows) == ["test_time_accuracy_y", "test_time_gain_x"]
    gain, accuracy = rows["test_time_gain_x"], rows["test_time_accuracy_y"]
    assert (gain.low, gain.high, gain.method) == (0.05, 0.2, "paired")
    assert (accuracy.low, accuracy.high, accuracy.method) == (0.4, 0.6, "wilson")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("test_time.tries=[4, 2]", "tries must rise"),
        ("test_time.segment_factors=[2]", "start at 1"),
        ("test_time.copies=1", "test_time.copies"),
        ("test_time.noise=[]", "test_time.noise"),
        ("test_time.x=1", "test_time.x"),
    ],
)
def test_a_wrong_setting_gets_one_line(
    trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], setting: str, words: str
) -> None:
    assert analyse(trained, tmp_path / "out", "--set", setting) == 2
    error = capfd.readouterr().err.strip()
    assert words in error and len(error.splitlines()) == 1 and not (tmp_path / "out").exists()
