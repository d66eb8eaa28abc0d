"""Claims that can fail: what players without skill get stands beside ours, for every claim on trainings."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from claims_doubles import records_of
from evaluation_doubles import PARAMS

from hrm.core.errors import ParameterError
from hrm.core.schema import run_params
from hrm.report.claims_file import FACTORS, ClaimParams, ClaimsParams, GroupParams, read_claims
from hrm.report.comparison_schema import comparison_params
from hrm.report.ledger import category_of, make_ledger
from hrm.report.pairs import pair_rows
from hrm.report.players import more_is_better, players_without_skill
from hrm.report.summary import SummaryRow, key_of
from hrm.report.verdicts import GOOD, REFUTING, VERDICTS

# Measured in results/reference: states of sudoku/hrm/seed0 before training, and random walks in open 12x12 mazes.
UNTRAINED = {
    "residual_high_decline": -0.134164,
    "residual_low_within": 0.745147,
    "residual_low_reset": 1.324929,
    "residual_high_quarter": 0.789165,
    "participation_ratio_high": 98.575638,
    "participation_ratio_low": 92.868494,
    "participation_ratio_high_over_low": 1.061454,
}
WALKS = {"greedy_goal_reached": 0.693, "greedy_nearly_shortest": 0.3585, "greedy_goal_gain": 0.0}
# Trained: the same network, and the same mazes (mean and half of the interval over three seeds).
TRAINED = {
    "residual_high_decline": (-0.905059, -0.950898, -0.783532),
    "residual_low_within": (0.623433, 0.617156, 0.631029),
    "residual_low_reset": (1.477336, 1.453174, 1.497954),
    "residual_high_quarter": (0.156261, 0.137094, 0.175949),
    "participation_ratio_high_over_low": (0.663687, 0.660067, 0.66563),
}
# Claims that a player without skill meets as they stand, by these measurements: what follows from the architecture, and
# rollouts that chance brings to the goal. A new one belongs here, or needs `needs_skill`, or another relation.
NO_EVIDENCE = {
    "residuals_low_within",
    "residuals_low",
    "residuals_high_goes_on",
    "dimensions_direction",
    "participation_high",
    "pointer_goal",
    "pointer_baseline_goal",
    "pointer_baseline_nearly_shortest",
    "pointer_o1_goal",
    "pointer_o1_nearly_shortest",
    "pointer_sparse_goal",
    "pointer_sparse_nearly_shortest",
    "smallest_8_low",
    "smallest_8_low_within",
    "smallest_16_low",
    "smallest_16_low_within",
}
# What the first network, or chance, has where it solves nothing; of accuracies and their differences that is 0.
LEVELS = {"mean_steps_share": 1.0, "residual_core_quarter": 1.0, "residual_layer_ends": 0.5, "correct_halts": 0.0}

STEPS = comparison_params(PARAMS).contrasts["segments_by_steps"].weights


@pytest.fixture(scope="module")
def claims() -> ClaimsParams:
    return read_claims(PARAMS / "claims.yaml")


def row(answer: str, weights: str, mean: float, ends: Iterable[float] | None = None, seeds: int = 3) -> SummaryRow:
    task, variant, metric = answer.split("/")
    low, high = (mean, mean) if ends is None else ends
    method = "t" if seeds > 1 else "bootstrap"
    return SummaryRow(task, variant, weights, metric, seeds, mean, low, high, method)  # type: ignore[arg-type]


def judged(claims: ClaimsParams, rows: Iterable[SummaryRow], scale: str = "gpu") -> dict[str, dict[str, Any]]:
    found = {key_of(known): known for known in rows}
    records = records_of(PARAMS, scale, [(task, variant) for task, variant, *_ in found])
    ledger = make_ledger(claims, found, scale, PARAMS, records)
    return {entry["id"]: entry for entry in ledger["claims"]}


def on_trainings(claims: ClaimsParams) -> list[tuple[GroupParams, ClaimParams]]:
    """Claims on trainings with a number and an answer."""
    pairs = ((group, claim) for group in claims.groups for claim in group.claims)
    return [
        (group, claim)
        for group, claim in pairs
        if claim.answers and claim.value is not None and category_of(claim, group.unit) == "training"
    ]


def rounds(known: list[tuple[GroupParams, ClaimParams]]) -> list[list[tuple[GroupParams, ClaimParams]]]:
    """The claims in lists in which no two ask for different numbers of one result."""
    found: list[dict[str, tuple[GroupParams, ClaimParams]]] = []
    for group, claim in known:
        place = next((taken for taken in found if claim.answers[0] not in taken), None)
        if place is None:
            found.append(place := {})
        place[claim.answers[0]] = (group, claim)
    return [list(taken.values()) for taken in found]


# The committed records.


def of_figure_3() -> list[SummaryRow]:
    rows = [row(f"sudoku/hrm/{metric}", "raw", ends[0], ends[1:], 1) for metric, ends in TRAINED.items()]
    # Beside the trained states, as analyses write them.
    return rows + [row(f"sudoku/hrm/{name}_untrained", "raw", level, seeds=1) for name, level in UNTRAINED.items()]


def test_three_of_the_four_claims_of_figure_3_are_no_evidence(claims: ClaimsParams) -> None:
    found = judged(claims, of_figure_3())
    names = ("residuals_high", "residuals_low_within", "residuals_low", "residuals_high_goes_on")
    assert [found[name]["verdict"] for name in names] == ["undecided", *["no evidence"] * 3]
    assert found["residuals_low_within"]["no_skill"] == [{"player": "untrained", "value": 0.745147, "meets": True}]
    assert found["residuals_high"]["no_skill"] == [{"player": "untrained", "value": -0.134164, "meets": False}]
    assert found["residuals_high"]["no_skill_status"] == "measured"
    assert found["hierarchical_convergence"]["verdict"] == "no evidence"
    # z_H has fewer dimensions than z_L there: one training, so that it is inconsistent with "more than twice".
    assert found["guide_dimensions"]["verdict"] == "inconsistent, one seed"


def test_untrained_rows_of_the_evaluation_go_before_those_beside_the_states(claims: ClaimsParams) -> None:
    found = judged(claims, [*of_figure_3(), row("sudoku/hrm/residual_low_within", "untrained", 1.2, seeds=1)])
    assert found["residuals_low_within"]["no_skill"] == [{"player": "untrained", "value": 1.2, "meets": False}]
    assert found["residuals_low_within"]["verdict"] == "consistent, one seed"


def test_goals_that_random_walks_reach_show_nothing(claims: ClaimsParams) -> None:
    answers = {claim.id: claim.answers[0] for group in claims.groups for claim in group.claims if claim.answers}
    names = ("pointer_o1_goal", "pointer_o1_nearly_shortest", "pointer_goal", "pointer_nearly_shortest")
    ours = {"pointer_o1_goal": (0.384, 0.3446, 0.4234), "pointer_o1_nearly_shortest": (0.3273, 0.2771, 0.3776)}
    ours |= {"pointer_goal": (0.3567, 0.1418, 0.5715), "pointer_nearly_shortest": (0.2453, 0.1204, 0.3703)}
    rows = [row(answers[name], "raw", ours[name][0], ours[name][1:]) for name in names]
    # Chance is the same whatever network it stands beside.
    rows += [row(f"lattice_mazes_open/some/{metric}", "chance", level, seeds=1) for metric, level in WALKS.items()]
    found = judged(claims, rows)
    assert [found[name]["verdict"] for name in names] == [*["no evidence"] * 3, "not reproduced"]
    assert found["pointer_o1_goal"]["no_skill"] == [{"player": "chance", "value": 69.3, "meets": True}]


def test_a_claim_that_no_player_meets_is_judged_by_itself(claims: ClaimsParams) -> None:
    rows = [row("sudoku/hrm/exact_accuracy", weights, 0.55, (0.54, 0.56)) for weights in ("raw", "ema")]
    levels = [row("sudoku/hrm/exact_accuracy", player, 0.001) for player in ("untrained", "chance")]
    entry = judged(claims, [*rows, *levels], "paper")["hrm_sudoku_1k"]
    assert (entry["verdict"], entry["no_skill_status"]) == ("reproduced", "measured")
    assert [player["player"] for player in entry["no_skill"]] == ["untrained", "chance"]
    levels = [row("sudoku/hrm/exact_accuracy", "chance", 0.54)]
    assert judged(claims, [*rows, *levels], "paper")["hrm_sudoku_1k"]["verdict"] == "no evidence"


# What is known beforehand, and what is not.


def test_nine_by_nine_needs_no_measurement_but_shares_of_cells_and_small_grids_do() -> None:
    def known(answer: str, cells: int) -> bool:
        return bool(players_without_skill({}, answer, "raw", cells, {}))

    assert known("sudoku/hrm/exact_accuracy", 81)
    assert known("boards/contrast_segments/scaling_gain", 400)
    assert not known("sudoku/hrm/exact_accuracy", 16)
    assert not known("sudoku/hrm/cell_accuracy", 81)
    assert not known("sudoku/hrm/exact_accuracy_half_range", 81)
    assert not known("lattice_mazes_open/pointer/greedy_goal_reached", 144)
    assert not known("arc_agi_1/hrm/arc_pass_at_2", 900)


def test_where_nobody_measured_a_player_a_hit_is_undecided_and_a_miss_stays(claims: ClaimsParams) -> None:
    answer = "sudoku/hrm/mean_steps_share"
    found = judged(claims, [row(answer, "raw", 0.68, (0.6, 0.7))])["act_mean_steps"]
    assert (found["verdict"], found["no_skill_status"]) == ("undecided", "not measured")
    assert "no player without skill was measured" in found["reason"]
    found = judged(claims, [row(answer, "raw", 1.2, (1.1, 1.3))])["act_mean_steps"]
    assert found["verdict"] == "contradicted"
    found = judged(claims, [row(answer, "raw", 0.68, (0.6, 0.7)), row(answer, "untrained", 1.0)])["act_mean_steps"]
    assert found["verdict"] == "reproduced"


def test_no_worse_says_something_between_networks_with_skill_alone(claims: ClaimsParams) -> None:
    difference = row("boards/contrast_hierarchy/exact_accuracy", "raw", -0.05, (-0.13, 0.03))
    rows = ("boards/board_hl_2x2_s2/exact_accuracy", "boards/board_bptt_4_s2/exact_accuracy")
    able = [row(answer, "raw", 0.4, (0.3, 0.5)) for answer in rows]
    found = judged(claims, [difference, *able])["board_hierarchy_adds_nothing"]
    assert found["verdict"] == "reproduced"
    assert [part["above"] for part in found["skill"]] == [True, True]
    found = judged(claims, [difference, able[0], row(rows[1], "raw", 0.1, (-0.2, 0.4))])["board_hierarchy_adds_nothing"]
    assert (found["verdict"], found["skill"][1]["above"]) == ("no evidence", False)
    found = judged(claims, [difference])["board_hierarchy_adds_nothing"]
    assert found["verdict"] == "undecided"


def test_exempt_claims_are_those_on_no_skill_itself(claims: ClaimsParams) -> None:
    rows = [row("sudoku/transformer/exact_accuracy", player, 0.0) for player in ("raw", "untrained", "chance")]
    found = judged(claims, rows, "paper")["direct_sudoku_1k"]
    assert found["verdict"] == "reproduced"
    assert found["no_skill_status"] == "exempt: the claim is that this network has no skill"
    assert "learned nothing" in found["confounds"][0]


def test_more_is_better_of_accuracies_not_of_losses() -> None:
    assert more_is_better("exact_accuracy_4x") and more_is_better("greedy_goal_reached")
    assert not more_is_better("halting_accuracy_loss") and not more_is_better("exact_accuracy_half_range")
    assert not more_is_better("participation_ratio_high")


# Every claim of the file.


@pytest.fixture
def rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts without the differences of protocol, which ask for every run's parameters."""
    monkeypatch.setattr("hrm.report.ledger.protocol_differences", lambda *_: [])


def level_of(metric: str, task: str) -> float:
    """What a player without skill has, as measured, or else 0."""
    if task.startswith("lattice_mazes") and metric in WALKS:
        return WALKS[metric]
    return UNTRAINED.get(metric, LEVELS.get(metric, 0.0))


def without_skill(claims: ClaimsParams) -> list[SummaryRow]:
    """Every result that a claim on trainings asks for, of players without skill; differences are 0."""
    made = {pair.answer for pair in claims.pairs}
    rows = []
    for _, claim in on_trainings(claims):
        for answer in claim.answers:
            task, variant, metric = answer.split("/")
            level = 0.0 if answer in made or variant.startswith("contrast_") else level_of(metric, task)
            rows.append(row(answer, "untrained", level))
    return rows


@pytest.mark.usefixtures("rules_alone")
@pytest.mark.parametrize("scale", ["smoke", "gpu", "paper"])
def test_a_player_without_skill_passes_for_no_claim(claims: ClaimsParams, scale: str) -> None:
    players = without_skill(claims)
    trained = [
        row(f"{known.task}/{known.variant}/{known.metric}", weights, known.mean)
        for known in players
        for weights in ("raw", "ema")
    ]
    found = judged(claims, [*trained, *players], scale)
    asked = {
        claim.id for group, claim in on_trainings(claims) if group.judged_at and not (group.exempt or claim.exempt)
    }
    passed = {name: found[name]["reason"] for name in asked if found[name]["verdict"] in GOOD}
    assert passed == {}
    meets = {name for name in asked if any(player["meets"] for player in found[name]["no_skill"])}
    assert meets <= NO_EVIDENCE, f"{sorted(meets - NO_EVIDENCE)} are met without skill"


def measured_as(claim: ClaimParams, group: GroupParams, mean: float, half: float, seeds: int) -> list[SummaryRow]:
    factor = FACTORS.get(group.unit, 1.0)
    ends = ((mean - half) / factor, (mean + half) / factor)
    return [row(claim.answers[0], weights, mean / factor, ends, seeds) for weights in ("raw", "ema")]


@pytest.mark.usefixtures("rules_alone")
@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5])
def test_no_exact_hit_fails_for_any_claim(claims: ClaimsParams, share: float, seeds: int) -> None:
    judged_once = set()
    for known in rounds(on_trainings(claims)):
        rows = []
        for group, claim in known:
            assert claim.value is not None
            width = claim.tolerance or group.tolerance or abs(claim.value) or 1.0
            rows += measured_as(claim, group, claim.value, share * width, seeds)
        for scale in ("smoke", "gpu", "paper"):
            found = judged(claims, rows, scale)
            for _, claim in known:
                assert found[claim.id]["verdict"] not in REFUTING, claim.id
                judged_once |= {claim.id} if found[claim.id]["verdict"] != "not run at this scale" else set()
    assert len(judged_once) > 60


def test_every_number_of_trainings_can_be_hit_by_three_of_them(claims: ClaimsParams) -> None:
    for group, claim in on_trainings(claims):
        tolerance = group.tolerance if claim.tolerance is None else claim.tolerance
        if group.relation == "equal" and not (group.exempt or claim.exempt):
            assert tolerance > 0 and "rounding" not in group.tolerance_basis, claim.id
            assert group.tolerance_basis not in ("exact", "none"), claim.id


def test_a_setting_is_no_training_whoever_measured_it(claims: ClaimsParams) -> None:
    rows = [
        row("boards/board_hl_2x2_s2/parameters", "raw", 6.33e6),
        row("boards/board_bptt_4_s2/parameters", "raw", 7e6),
    ]
    rows += [row("sudoku/hrm/dynamics_high_updates", "ema", 2.0, seeds=1)]  # the architecture's, with any weights
    found = judged(claims, rows)
    assert [
        found[name]["verdict"] for name in ("board_hl_parameters", "board_single_parameters", "guide_high_updates")
    ] == [
        "agrees",
        "differs",
        "agrees",
    ]
    assert found["board_hl_parameters"]["category"] == "settings"
    assert found["o3_mini_high_sudoku"]["category"] == "elsewhere"
    assert found["setting_hidden"]["no_skill_status"] == "not asked"


# Weights.


def test_claims_are_judged_on_the_weights_of_their_source(claims: ClaimsParams) -> None:
    rows = [row("sudoku/hrm/exact_accuracy", "raw", 0.3, (0.29, 0.31)), row("sudoku/hrm/exact_accuracy", "ema", 0.55)]
    rows += [
        row("sudoku/trm/exact_accuracy", "raw", 0.799, (0.798, 0.8)),
        row("sudoku/trm/exact_accuracy", "ema", 0.874),
    ]
    known = {key_of(one): one for one in rows}
    found = judged(claims, [*rows, *pair_rows(claims.pairs, known)], "paper")
    assert (found["hrm_sudoku_1k"]["weights"], found["hrm_sudoku_1k"]["ours"]["mean"]) == ("raw", 30.0)
    assert found["hrm_sudoku_1k"]["verdict"] == "not reproduced"
    assert (found["trm_accuracy"]["weights"], found["trm_accuracy"]["verdict"]) == ("ema", "reproduced")
    assert (found["trm_no_ema_accuracy"]["weights"], found["trm_no_ema_accuracy"]["verdict"]) == ("raw", "reproduced")
    assert found["trm_table_hrm_accuracy"]["weights"] == "raw"
    assert found["trm_beats_raw"]["ours"]["mean"] == pytest.approx(7.5)
    assert found["trm_beats_raw"]["verdict"] == "reproduced"


def test_an_interval_says_what_it_is_over(claims: ClaimsParams) -> None:
    for seeds, over in ((1, "test examples"), (3, "seeds")):
        ours = judged(claims, [row("sudoku/hrm/exact_accuracy", "raw", 0.5, (0.4, 0.6), seeds)])["hrm_sudoku_1k"][
            "ours"
        ]
        assert ours["over"] == over


# Margins and confounds.


def test_limits_that_are_ours_say_when_they_were_set(claims: ClaimsParams) -> None:
    for group in claims.groups:
        ours = any(words in group.tolerance_basis for words in ("of ours", "our choice", "the 95 % interval of"))
        assert not ours or group.margin_set is not None, group.title
    entry = judged(claims, [])["residuals_high"]
    assert entry["margin_set"] == {"date": "2026-11-22", "before_first_run": False}


def test_segments_are_compared_at_equal_steps_too_and_the_other_claim_says_why(claims: ClaimsParams) -> None:
    found = judged(claims, [])
    assert "twice as many optimizer steps" in found["board_segments_help"]["confounds"][0]
    assert found["board_segments_help_by_steps"]["answers"] == ["boards/contrast_segments_by_steps/exact_accuracy"]
    for scale in ("smoke", "gpu"):
        runs = [run_params(PARAMS, scale, "boards", name, []) for name in STEPS]
        assert len({run.train.steps for run in runs}) == 1
        assert [run.halting.max_segments for run in runs] == [4 if weight > 0 else 2 for weight in STEPS.values()]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"confounds": "moon"}, "confounds"),
        ({"margin_set": {"date": "yesterday", "before_first_run": True}}, "date"),
        ({"margin_set": {"before_first_run": True}}, "margin_set.date is missing"),
        ({"weights": "averaged"}, "weights"),
        ({"needs_skill": ["sudoku"]}, "needs_skill"),
    ],
)
def test_a_wrong_key_is_one_line_that_names_it(tmp_path: Path, change: Mapping[str, Any], words: str) -> None:
    content = yaml.load((PARAMS / "claims.yaml").read_text(), yaml.CSafeLoader)
    content["groups"][0] |= change
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper))
    with pytest.raises(ParameterError, match=words) as caught:
        read_claims(path)
    assert "\n" not in str(caught.value)


def test_every_verdict_has_a_place_in_the_order() -> None:
    assert set(GOOD) | set(REFUTING) | {"undecided", "no evidence", "not run at this scale"} == set(VERDICTS)
