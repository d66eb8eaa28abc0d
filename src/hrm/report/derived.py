"""Numbers of the published setting that follow by computation, without any training."""

from pathlib import Path
from typing import Literal, get_args, get_origin

from hrm.core.data_params import scale_file
from hrm.core.params import Params
from hrm.core.schema import RunParams, run_params, unscaled_params
from hrm.models.architecture import layers_a_segment
from hrm.report.claims_file import ClaimsParams, PublishedSetting
from hrm.report.run_paths import NOBODY
from hrm.report.summary import SummaryRow

TASK, VARIANT, METHOD = "published", "hrm", "computed"


def published_params(root: Path, overrides: list[str]) -> RunParams:
    """The published run: params/training.yaml with the variant hrm, no scale."""
    return unscaled_params(root, VARIANT, overrides)


def derived_rows(root: Path, claims: ClaimsParams) -> list[SummaryRow]:
    """Rows `published/RUN/...` of every published run that params/ sets up, and of the pointer study's arithmetic.

    published/hrm/published_parameters: trainable parameters of `hrm.models`, counted on the network itself.
    published/hrm/published_steps: epochs x examples / batch size, rounded down.
    published/hrm/configured_steps: train.steps of params/training.yaml.
    published/hrm/published_effective_depth: layers passed in one segment (TRM paper).
    published/hrm/q_head_weight, q_head_bias: largest magnitude of the first weights, mean of the first biases.
    published/RUN/SECTION_KEY: a number of its settings; of a word among several, 1 or 0 for each, SECTION_KEY_WORD.
    published/RUN/epochs: batches x batch size / examples of an epoch; without fixed segments a step is a batch.
    published/controller/low_updates, high_updates: calls of f_L and f_H (hrm.models.pointer).
    """
    from hrm.models.pointer import controller_updates

    setting, controller = claims.published_setting, claims.published_controller
    params = published_params(root, [])
    values: dict[str, dict[str, float]] = {VARIANT: {**_network(params, setting), **settings(params)}}
    values[VARIANT] |= {
        "published_steps": setting.epochs * setting.examples_per_epoch // params.train.batch_size,
        "configured_steps": params.train.steps,
        "published_effective_depth": layers_a_segment(params.model),
    }
    for name, published in claims.published_runs.items():
        if scale_file(root, published.scale, "train", published.task).is_file():
            run = run_params(root, published.scale, published.task, published.variant, [])
            values[name] = settings(run)
            if published.examples_per_epoch is not None:
                batches = run.train.batches or run.train.steps
                values[name]["epochs"] = batches * run.train.batch_size / published.examples_per_epoch
    low, high = controller_updates(controller.refinements, controller.period, controller.steps)
    values["controller"] = {"low_updates": low, "high_updates": high}
    return [
        SummaryRow(TASK, name, NOBODY, metric, 0, float(value), None, None, METHOD)
        for name, metrics in values.items()
        for metric, value in metrics.items()
    ]


def settings(params: Params, before: str = "") -> dict[str, float]:
    """Every setting as a number: SECTION_KEY, and for words SECTION_KEY_WORD of each allowed word, 1 where set.

    Names and what is not set are left out.
    """
    found: dict[str, float] = {}
    for key, field in type(params).model_fields.items():
        name, value = f"{before}{key}", getattr(params, key)
        if isinstance(value, Params):
            found |= settings(value, f"{name}_")
        elif get_origin(field.annotation) is Literal:
            found |= {f"{name}_{word}": float(word == value) for word in get_args(field.annotation)}
        elif isinstance(value, int | float):
            found[name] = float(value)
    return found


def _network(params: RunParams, setting: PublishedSetting) -> dict[str, float]:
    import torch

    from hrm.models.build import build_model, count_parameters

    # Built for real: half a second and 110 MB, where torch's meta device takes seven seconds of imports.
    model = build_model(
        params.model,
        params.train.dtype,
        setting.vocabulary_size,
        setting.cells,
        setting.puzzle_ids,
        torch.Generator("cpu"),
    )
    head = model.q_head
    return {
        "published_parameters": count_parameters(model),
        "q_head_weight": head.weight.abs().max().item(),
        "q_head_bias": head.bias.mean().item(),
    }
