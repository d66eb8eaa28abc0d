"""Every published number that this project is held against, written out once more, so that none is dropped."""

import pytest
from evaluation_doubles import PARAMS

from hrm.core.experiments import variants
from hrm.report.claims_file import ClaimsParams, read_claims
from hrm.report.comparison_schema import comparison_params
from hrm.report.contrasts import PREFIX

NUMBERS: dict[str, float | None] = {
    # HRM paper, figure 1
    **{"hrm_parameters": 27_275_266, "hrm_arc_1": 40.3, "hrm_arc_2": 5.0, "hrm_sudoku_1k": 55.0},
    **{"hrm_maze_hard": 74.5, "hrm_maze_hard_any_path": 74.5},
    **{"direct_arc_1": 21.0, "direct_arc_2": 0.0, "direct_sudoku_1k": 0.0, "direct_maze_hard": 0.0},
    **{
        "o3_mini_high_arc_1": 34.5,
        "o3_mini_high_arc_2": 3.0,
        "o3_mini_high_sudoku": 0.0,
        "o3_mini_high_maze_hard": 0.0,
    },
    **{"claude_3_7_8k_arc_1": 21.2, "claude_3_7_8k_arc_2": 0.9},
    **{"claude_3_7_8k_sudoku": 0.0, "claude_3_7_8k_maze_hard": 0.0},
    **{"deepseek_r1_arc_1": 15.8, "deepseek_r1_arc_2": 1.3, "deepseek_r1_sudoku": 0.0, "deepseek_r1_maze_hard": 0.0},
    # figures 2, 3, 5, 7, 8
    **{"figure_2_least_width": 27, "figure_2_greatest_width": 872},
    **{"figure_2_least_depth": 8, "figure_2_greatest_depth": 512, "direct_sudoku_full": 16.9, "hrm_sudoku_full": 95.0},
    **{"residuals_high": -0.9, "residuals_low_within": 1.0, "residuals_low": 1.0, "residuals_recurrent": 0.1},
    **{"act_mean_steps": 100.0, "act_accuracy": 0.0, "inference_scaling": 0.0},
    **{"figure_5_fixed": None, "figure_7_steps": None},
    **{"participation_high": 89.95, "participation_low": 30.22, "participation_ratio": 2.98},
    **{"participation_high_untrained": 40.75, "participation_low_untrained": 42.09},
    **{"mouse_participation_ratio": 2.25, "mouse_correlation": 0.79, "mouse_p_value": 0.0003},
    # settings
    **{"setting_hidden": 512, "setting_heads": 8, "setting_high_layers": 4, "setting_low_layers": 4},
    **{"setting_expansion": 4, "setting_high_cycles": 2, "setting_low_cycles": 2, "setting_segments": 16},
    **{"setting_exploration": 0.1, "setting_rope": 1, "setting_norm_scale": 0, "setting_post_norm": None},
    **{"setting_stablemax": 1, "setting_initialisation": 1, "setting_adam_atan2": 1, "setting_beta1": 0.9},
    **{"setting_beta2": 0.95, "setting_constant_rate": 1, "setting_warmup": 2000, "setting_batch": 768},
    **{"setting_bfloat16": 1, "setting_sign_sgd": None, "setting_q_learning": 1},
    **{"setting_q_head_weight": 0, "setting_q_head_bias": -5},
    # recipes
    **{f"recipe_arc_agi_{n}_epochs": 100_000 for n in (1, 2)},
    **{f"recipe_arc_agi_{n}_rate": 1e-4 for n in (1, 2)},
    **{f"recipe_arc_agi_{n}_puzzle_rate": 1e-2 for n in (1, 2)},
    **{f"recipe_arc_agi_{n}_decay": 0.1 for n in (1, 2)},
    **{f"recipe_{run}_epochs": 20_000 for run in ("sudoku_1k", "maze_hard", "small")},
    **{f"recipe_{run}_rate": 1e-4 for run in ("sudoku_1k", "maze_hard")},
    **{f"recipe_{run}_decay": 1.0 for run in ("sudoku_1k", "maze_hard", "small")},
    **{"hrm_sudoku_steps": 26_041, "hrm_sudoku_steps_configured": 26_041, "recipe_maze_hard_steps": 26_041},
    **{"recipe_small_batch": 384, "recipe_small_rate": 7e-5},
    **{"recipe_full_batch": 2304, "recipe_full_epochs": 100, "recipe_full_rate": 3e-4, "recipe_full_ratio": 0.1},
    **{"recipe_full_decay": 0.1, "recipe_full_low_cycles": 8, "recipe_full_segments": 8},
    **{"recipe_full_softmax": 1, "recipe_full_positions": 1},
    **{"hrm_sudoku_1k_spread": 2.0, "hrm_arc_1_time": 24 * 60, "hrm_sudoku_1k_time": 10, "hrm_maze_hard_time": 60},
    "note_early_stop": None,
    # ARC Prize
    **{"hrm_arc_1_semi_private": 32, "hrm_arc_2_semi_private": 2, "arc_transformer_gap": 0, "arc_second_loop": 13},
    **{"arc_eight_loops": 2, "arc_trained_loops": 15, "arc_evaluation_alone": 31, "arc_all_tasks": 41},
    **{"arc_300_votes": 0, "arc_30_votes": 4, "arc_30_augmentations": 4},
    # TRM paper
    **{"trm_accuracy": 87.4, "trm_depth": 42, "trm_parameters": 5},
    **{"trm_extra_forward_accuracy": 86.1, "trm_extra_forward_depth": 42, "trm_extra_forward_parameters": 5},
    **{"trm_separate_accuracy": 82.4, "trm_separate_depth": 42, "trm_separate_parameters": 10},
    **{"trm_no_ema_accuracy": 79.9, "trm_no_ema_depth": 42, "trm_no_ema_parameters": 5},
    **{"trm_four_layers_accuracy": 79.5, "trm_four_layers_depth": 48, "trm_four_layers_parameters": 10},
    **{"trm_attention_accuracy": 74.7, "trm_attention_depth": 42, "trm_attention_parameters": 7},
    **{"trm_t2_n2_accuracy": 73.7, "trm_t2_n2_depth": 12, "trm_t2_n2_parameters": 5},
    **{"trm_one_step_accuracy": 56.5, "trm_one_step_depth": 42, "trm_one_step_parameters": 5},
    **{"trm_table_hrm_accuracy": 55.0, "trm_table_hrm_depth": 24, "trm_table_hrm_parameters": 27},
    **{"grid_hrm_t1_n1": 46.4, "grid_hrm_t2_n2": 55.0, "grid_hrm_t3_n3": 61.6, "grid_hrm_t4_n4": 59.5},
    **{"grid_hrm_t3_n6": 58.8, "grid_hrm_t6_n3": 62.3, "grid_hrm_t6_n6": 57.5},
    **{"grid_trm_t1_n1": 63.2, "grid_trm_t2_n2": 81.9, "grid_trm_t3_n3": 87.4, "grid_trm_t4_n4": 84.2},
    **{"grid_trm_t3_n6": 85.8, "trm_maze_hard": 85.3, "trm_arc_1": 44.6, "trm_arc_2": 7.8},
    # boards: settings, then the rows (accuracy, accuracy with four times the segments), then their means
    **{"board_side": 20, "board_walls": 0.3, "board_training": 2000, "board_validation": 500, "board_epochs": 40},
    **{"board_rate": 3e-4, "board_batch": 64, "board_hidden": 256, "board_heads": 4, "board_high_layers": 4},
    **{"board_low_layers": 4, "board_dropout": 0.1, "board_single_hidden": 360},
    **{"board_hl_parameters": 6.29, "board_single_parameters": 6.23},
    **{
        f"board_{row}_{end}": value
        for row, values in {
            "hl_2x2_s2_last": (39.0, 38.2),
            "hl_2x2_s4_last": (32.0, 42.5),
            "hl_2x4_s2_last": (40.3, 44.4),
            "hl_2x4_s4_last": (44.7, 55.2),
            "hl_4x2_s2_last": (45.8, 48.1),
            "hl_4x2_s4_last": (52.3, 54.5),
            "bptt_4_s2_last": (22.6, 27.2),
            "bptt_4_s4_last": (57.4, 62.5),
            "bptt_8_s2_last": (37.6, 39.4),
            "detached_4_s2_last": (15.8, 18.2),
            "detached_4_s4_last": (34.7, 43.6),
            "detached_8_s2_last": (22.2, 22.6),
            "detached_4_s2_best": (23.6, 25.0),
            "detached_8_s2_best": (27.2, 28.0),
            "detached_4_s4_best": (45.8, 54.4),
            "bptt_4_s2_best": (27.4, 33.6),
            "bptt_8_s2_best": (42.4, 45.4),
            "bptt_4_s4_best": (61.6, 67.6),
            "hl_2x2_s2_best": (43.8, 41.6),
            "hl_4x4_s2_best": (54.4, 58.2),
            "hl_2x2_s4_best": (45.2, 56.6),
            "hl_4x4_s4_best": (56.6, 58.8),
        }.items()
        for end, value in zip(("", "4x"), values, strict=True)
    },
    **{
        f"board_{kind}_{group}": value
        for group, values in {
            "segments_2": (36, 2),
            "segments_4": (50, 8),
            "architecture_h_l": (48, 4),
            "architecture_h_only_bptt": (44, 5),
            "architecture_h_only_detached": (30, 5),
            "cycles_4": (39, 6),
            "cycles_8": (35, 2),
            "cycles_16": (56, 3),
        }.items()
        for kind, value in zip(("mean", "gap"), values, strict=True)
    },
    # pointer-over-heads
    **{"pointer_goal": 67.90, "pointer_nearly_shortest": 51.85, "pointer_parameters": 7.04},
    **{"pointer_baseline_goal": 55.56, "pointer_baseline_nearly_shortest": 44.44},
    **{"pointer_baseline_parameters": 7.21, "pointer_o1_goal": 39.51, "pointer_o1_nearly_shortest": 28.40},
    **{"pointer_sparse_goal": 53.09, "pointer_sparse_nearly_shortest": 39.51, "pointer_period": 4},
    **{"pointer_temperature_start": 2.0, "pointer_temperature_end": 1.0, "pointer_warmup": 500, "pointer_clip": 1.0},
    **{"pointer_low_updates": 240_000, "pointer_high_updates": 60_000},
    # data sets
    **{"data_sudoku_training": 3_831_994, "data_sudoku_test": 422_786, "data_sudoku_equivalent": 0},
    **{"data_sudoku_rating": 22, "data_sudoku_1k": 1000, "data_sudoku_symmetries": 1000},
    **{f"data_sudoku_source_{name}": share for name, share in (("forum_hardest", 48), ("ph_2010", 24))},
    **{f"data_sudoku_source_{name}": share for name, share in (("unbiased", 23), ("kaggle", 2))},
    **{f"data_sudoku_source_{name}": share for name, share in (("seventeen", 1), ("rest", 2))},
    **{"data_maze_side": 30, "data_maze_training": 1000, "data_maze_test": 1000},
    **{"data_maze_least_walls": 30, "data_maze_most_walls": 50, "data_maze_length": 110},
    **{"data_arc_1_training": 400, "data_arc_1_evaluation": 400, "data_arc_1_concept": 160, "data_arc_1_tasks": 960},
    **{"data_arc_1_augmentations": 1000, "data_arc_1_ids": 876_412, "data_arc_2_tasks": 1120},
    # the explanation
    **{"explanation_size": 50, "explanation_most_steps": 16, "explanation_tasks": 960, "explanation_examples": 960_000},
    **{"explanation_high_sees_no_input": 0, "explanation_votes_help": 0, "explanation_arc_2": 0},
    # the exploration guide
    **{"guide_high_updates": 2, "guide_low_updates": 4, "guide_high_period": 2, "guide_schedule": 0},
    **{"guide_sudoku": 20, "guide_dimensions": 2, "guide_memory": 1},
}
STRICT = {"guide_sudoku": "above", "guide_dimensions": "above", "data_maze_length": "above", "act_mean_steps": "below"}


@pytest.fixture(scope="module")
def claims() -> ClaimsParams:
    return read_claims(PARAMS / "claims.yaml")


def test_no_published_number_is_missing_or_changed(claims: ClaimsParams) -> None:
    known = {claim.id.removesuffix("_"): claim.value for group in claims.groups for claim in group.claims}
    wanted = {name.removesuffix("_"): value for name, value in NUMBERS.items()}
    assert {name: known.get(name, "missing") for name in wanted} == wanted
    assert sorted(claims.spreads["independent_runs"].values) == [45.8, 52.6, 53.0, 54.5, 55.4, 57.5]


def test_more_than_is_not_at_least(claims: ClaimsParams) -> None:
    relations = {claim.id: group.relation for group in claims.groups for claim in group.claims}
    assert {name: relations[name] for name in STRICT} == STRICT


def test_what_is_judged_can_be_answered_by_something_that_is_made(claims: ClaimsParams) -> None:
    tasks = {path.stem for path in (PARAMS / "tasks").glob("*.yaml")} | {"published"}
    for group in claims.groups:
        for claim in group.claims:
            assert {answer.split("/")[0] for answer in claim.answers} <= tasks, claim.id


def test_contrasts_that_claims_ask_for_are_of_variants_that_there_are(claims: ClaimsParams) -> None:
    contrasts = comparison_params(PARAMS).contrasts
    known = set(variants(PARAMS))
    for contrast in contrasts.values():
        assert set(contrast.weights) <= known
    answers = [answer.split("/") for group in claims.groups for claim in group.claims for answer in claim.answers]
    asked = [(task, name.removeprefix(PREFIX), metric) for task, name, metric in answers if name.startswith(PREFIX)]
    assert len(asked) >= 15
    for task, name, metric in asked:
        assert contrasts[name].task == task and metric in contrasts[name].metrics
