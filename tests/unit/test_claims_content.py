"""What params/claims.yaml names is there: tasks, variants, runs, scales, and metrics that the code makes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from evaluation_doubles import PARAMS, write_tiny_dataset, write_tiny_model
from lattice_doubles import lattice_dataset
from test_evaluation_judges import maze

from hrm.analysis.residuals import Step, characters
from hrm.analysis.states import WORDS
from hrm.cli import main
from hrm.core.analysis_schema import analysis_params
from hrm.core.data_params import data_params
from hrm.core.experiments import variants
from hrm.core.pipeline_schema import pipeline_params
from hrm.core.schema import evaluation_params, run_params
from hrm.data.arc.params import ArcParams
from hrm.data.arc.votes import vote_metrics
from hrm.data.lattice.rollout import Chance
from hrm.data.task import Exam, find_task
from hrm.evaluation.evaluate import test_examples as examples_of
from hrm.report.aggregates import aggregate_rows
from hrm.report.claims_file import ClaimParams, ClaimsParams, GroupParams, read_claims
from hrm.report.comparison_schema import ComparisonParams, comparison_params
from hrm.report.contrasts import PREFIX
from hrm.report.data_rows import data_rows
from hrm.report.derived import derived_rows
from hrm.report.other_rows import memory_rows
from hrm.report.summary import SummaryRow, key_of

CPU = torch.device("cpu")
TASKS = {path.stem for path in (PARAMS / "tasks").glob("*.yaml")}
VARIANTS = set(variants(PARAMS))
SCALES = {path.name for path in (PARAMS / "scales").iterdir()}
# Protocols of which no run of this project can answer a claim; their texts say why.
WITHOUT_ANSWER = {"language_model", "hardware", "boards_best", "boards_means", "arc_semi_private"}


@pytest.fixture(scope="module")
def claims() -> ClaimsParams:
    return read_claims(PARAMS / "claims.yaml")


@pytest.fixture(scope="module")
def comparisons() -> ComparisonParams:
    return comparison_params(PARAMS)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    write_tiny_model(folder / "model.safetensors", write_tiny_dataset(folder / "data", 11))
    (folder / "provenance.json").write_text(json.dumps({"seconds": 12.5}))
    return folder


def every(claims: ClaimsParams) -> Iterator[tuple[GroupParams, ClaimParams]]:
    return ((group, claim) for group in claims.groups for claim in group.claims)


def answers(claims: ClaimsParams) -> list[tuple[str, str, str, str]]:
    """(claim, task, variant, metric) of every answer and of every side of a pair."""
    found = [(claim.id, *answer.split("/")) for _, claim in every(claims) for answer in claim.answers]
    found += [(f"pair {pair.answer}", *side.split("/")) for pair in claims.pairs for side in (pair.first, pair.second)]
    return found  # type: ignore[return-value]  # the pattern of an answer has three parts


def names_in(folder: Path) -> set[str]:
    return {name for path in folder.rglob("metrics.json") for name in json.loads(path.read_text())}


def evaluated(trained: Path, out: Path) -> set[str]:
    """Metrics of an evaluation of any task: an evaluation is made and its names are read."""
    places = ["--model", str(trained / "model.safetensors"), "--data", str(trained / "data"), "--out", str(out)]
    assert main(["evaluate", *places, "--params", str(PARAMS), "--device", "cpu"]) == 0
    return names_in(out) | {"exact_accuracy_half_range"}  # hrm.report.summary, over seeds


def analysed(trained: Path, out: Path) -> set[str]:
    """Metrics of the states of any network: those of a tiny HRM, and the residuals of the other kinds of state."""
    places = ["--model", str(trained / "model.safetensors"), "--data", str(trained / "data"), "--out", str(out)]
    quick = ["--set", "states.examples=7", "--set", "states.resamples=100"]
    assert main(["analyse", "states", *places, "--params", str(PARAMS), "--device", "cpu", *quick]) == 0
    steps = [Step("any", step, 1 + step // 4, 1 + step // 2) for step in range(8)]
    curves = torch.rand(101, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.1
    kinds = {
        f"residual_{word}_{name}" for state, word in WORDS.items() for name in characters(state, steps, curves, 0.9)
    }
    return names_in(out) | kinds


def of_family(family: str) -> set[str]:
    """What tasks of a family have beyond any other's."""
    if family == "lattice":
        dataset = lattice_dataset(8)
        rating = torch.from_numpy(dataset.test.rating)
        examples = examples_of(dataset, None, CPU)
        votes = evaluation_params(PARAMS, []).votes
        test = Exam(dataset, examples.inputs, rating, 1, True, votes, 0.95, 8, 8)
        return set(find_task(family).measure(test)(Chance(), examples.labels, True).metrics)
    if family == "maze":
        board = torch.tensor([maze("S G")])
        nine = torch.cat([board] * 3, dim=1)
        return set(find_task(family).judge(nine, nine, torch.tensor([2])))
    if family == "arc":
        votes = evaluation_params(PARAMS, []).votes
        scores = ("task_score", "input_score")
        ends = {f"{score}{end}": 0.0 for score in scores for end in ("", "_low", "_high")}
        made = set(vote_metrics([{"votes": v, "k": k, **ends} for v in votes.counts for k in votes.top]))
        return made | {f"{name}_1_segment" for name in made if name.startswith("arc_pass_at_2")}
    return set()


def of_memory(folder: Path) -> set[str]:
    memory = analysis_params(PARAMS, []).memory
    path = folder / "memory.csv"
    lines = [f"{rule},{calls},{calls},{calls}" for rule in memory.rules for calls in (3, 6)]
    path.write_text("\n".join(["rule,module_calls,saved_bytes,peak_bytes", *lines]) + "\n")
    return {row.metric for row in memory_rows(path, memory.task, memory.variant)}


@pytest.fixture(scope="module")
def made(trained: Path, comparisons: ComparisonParams, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., set]:
    """task -> names of the metrics that one of its variants may have in summary.csv."""
    folder = tmp_path_factory.mktemp("made")
    common = evaluated(trained, folder / "evaluation") | analysed(trained, folder / "states")
    memory, task_of_memory = of_memory(folder), analysis_params(PARAMS, []).memory.task
    families = {task: data_params(PARAMS, "paper", task, []).family for task in TASKS}
    special = {family: of_family(family) for family in set(families.values())}

    def names(task: str) -> set[str]:
        bands = {f"exact_accuracy_{name}" for name, band in comparisons.bands.items() if band.task == task}
        return common | special[families[task]] | bands | (memory if task == task_of_memory else set())

    return names


def test_claims_name_tasks_and_variants_that_there_are(claims: ClaimsParams, comparisons: ComparisonParams) -> None:
    runs = {("published", name) for name in ("hrm", "controller", *claims.published_runs)}
    for claim, task, variant, _ in answers(claims):
        if task == "published":
            assert (task, variant) in runs, claim
        elif variant.startswith(PREFIX):
            assert variant.removeprefix(PREFIX) in comparisons.contrasts, claim
        else:
            assert task in TASKS, claim
            assert variant in VARIANTS | {"data"} or variant.startswith("aggregate_"), f"{claim}: {variant}"
    for contrast in comparisons.contrasts.values():
        assert contrast.weights.keys() <= VARIANTS and contrast.task in TASKS


def test_what_answers_a_claim_is_trained(claims: ClaimsParams, comparisons: ComparisonParams) -> None:
    pipeline = pipeline_params(PARAMS)
    runs = {(task, variant) for experiment in pipeline.experiments.values() for task, variant, _ in experiment.runs}
    named = {(task, variant) for _, task, variant, _ in answers(claims) if variant in VARIANTS and task in TASKS}
    named |= {(contrast.task, name) for contrast in comparisons.contrasts.values() for name in contrast.weights}
    assert named <= runs


def test_claims_ask_for_metrics_that_the_code_makes(
    claims: ClaimsParams, comparisons: ComparisonParams, made: Callable[[str], set[str]]
) -> None:
    derived = {(row.variant, row.metric) for row in derived_rows(PARAMS, claims)}
    paired = {pair.answer for pair in claims.pairs}
    for claim, task, variant, metric in answers(claims):
        answer = f"{task}/{variant}/{metric}"
        if task == "published":
            assert (variant, metric) in derived, f"{claim}: {answer}"
        elif variant.startswith(PREFIX):
            contrast = comparisons.contrasts[variant.removeprefix(PREFIX)]
            assert contrast.task == task and metric in contrast.metrics, f"{claim}: {answer}"
        # test_test_time.py asks for those of computation at test time.
        elif variant in VARIANTS and answer not in paired and not metric.startswith("test_time_"):
            assert metric in made(task), f"{claim}: {answer}"
    for name, contrast in comparisons.contrasts.items():
        assert set(contrast.metrics) <= made(contrast.task), name


def test_claims_on_aggregates_ask_for_groups_that_there_are(
    claims: ClaimsParams, comparisons: ComparisonParams
) -> None:
    (study,) = comparisons.aggregates.values()
    rows = [
        SummaryRow(study.task, v, study.weights, m, 3, 0.5, None, None, "t") for v in study.rows for m in study.metrics
    ]
    summary = {key_of(row): row for row in rows}
    groups = {(r.task, r.variant, r.metric) for r in aggregate_rows(study, summary, claims, PARAMS, "gpu")}
    assert {
        ("boards", "aggregate_segments_2", "scaling_gain"),
        ("boards", "aggregate_cycles_16", "exact_accuracy"),
    } <= groups
    asked = {answer[1:] for answer in answers(claims) if answer[2].startswith("aggregate_")}
    assert asked <= groups


SMALL = {
    "sudoku": ["train_puzzles=8", "test_puzzles=4", "augmentations=2"],
    "boards": ["train_mazes=8", "test_mazes=4"],
    "arc_agi_1": ["programs.evaluation=2"],
}
OF_PUBLISHED = ("equivalent_to_training", "published_rating_mean")  # counted where the data are the published ones


def test_claims_on_data_ask_for_what_a_data_set_says_of_itself(claims: ClaimsParams, tmp_path: Path) -> None:
    said: dict[str, set[str]] = {}
    for task, sizes in SMALL.items():
        options = [part for size in sizes for part in ("--set", size)]
        out = tmp_path / task
        assert (
            main(["generate", "--task", task, "--scale", "smoke", "--out", str(out), "--params", str(PARAMS), *options])
            == 0
        )
        said[data_params(PARAMS, "smoke", task, []).family] = {row.metric for row in data_rows([out / "dataset.json"])}
    sources = "".join(path.read_text() for path in (PARAMS.parent / "src/hrm/data").rglob("*.py"))
    for claim, task, variant, metric in answers(claims):
        if variant != "data":
            continue
        params = data_params(PARAMS, "paper", task, [])
        known = set(said[params.family])
        if isinstance(params, ArcParams):
            known |= {f"tasks_{part.replace('/', '_')}" for part in params.parts}
        if metric not in known:
            word = next((word for word in OF_PUBLISHED if metric.endswith(word)), None)
            assert word is not None and word.removesuffix("_mean") in sources, f"{claim}: {task}/data/{metric}"


def test_a_claim_is_judged_at_a_scale_that_there_is_or_says_why_nothing_answers_it(claims: ClaimsParams) -> None:
    for group, claim in every(claims):
        assert set(group.judged_at) <= SCALES, group.title
        if claim.answers:
            assert group.judged_at, f"{claim.id} has answers and no scale that judges"
        else:
            why = group.protocol in WITHOUT_ANSWER or "(" in claim.statement or ";" in claim.statement
            assert why and not group.judged_at, f"{claim.id} does not say why nothing answers it"


def test_runs_of_every_judging_scale_have_parameters(claims: ClaimsParams) -> None:
    for group, claim in every(claims):
        for answer in claim.answers[:1]:
            task, variant, _ = answer.split("/")
            for scale in group.judged_at if variant in VARIANTS and task in TASKS else []:
                if (PARAMS / "scales" / scale / "train" / f"{task}.yaml").is_file():
                    run_params(PARAMS, scale, task, variant, [])


def published_steps(claims: ClaimsParams, protocol: str) -> dict[str, str]:
    found = claims.protocols[protocol].settings
    assert found is not None
    return dict(setting.split("=") for setting in found)


def test_both_arc_protocols_have_the_settings_of_the_released_recipes(claims: ClaimsParams) -> None:
    one, two = (published_steps(claims, f"arc_agi_{number}") for number in (1, 2))
    rates = {"optimizer.weight_decay": "0.1", "optimizer.puzzle_learning_rate": "1.0e-2"}
    rates |= {"optimizer.puzzle_weight_decay": "0.1"}
    assert one == {"train.steps": str(100_000 * 3988 // 768), **rates}
    assert two == {"train.steps": str(100_000 * 4667 // 768), **rates}
    protocols = {claim.id: group.protocol for group, claim in every(claims)}
    assert (protocols["trm_arc_1"], protocols["trm_arc_2"]) == ("arc_agi_1_trm", "arc_agi_2_trm")


def test_within_five_points_is_judged_both_ways_on_the_control_of_arc_prize(
    claims: ClaimsParams, comparisons: ComparisonParams
) -> None:
    groups = {claim.id: (group, claim) for group, claim in every(claims)}
    for name in ("one_module_is_close", "arc_transformer_gap"):
        group, claim = groups[name]
        assert (group.relation, claim.value, group.tolerance) == ("equal", 0.0, 5.0)
    assert groups["arc_transformer_gap"][1].answers == ["arc_agi_1/single_call/arc_gap_to_hrm"]
    assert comparisons.contrasts["one_module"].weights == {"single_call": 1.0, "hrm": -1.0}
    control, hrm = (run_params(PARAMS, "gpu", "sudoku", name, []) for name in ("single_call", "hrm"))
    assert control.halting == hrm.halting and control.optimizer == hrm.optimizer and control.train == hrm.train
