"""Numbers of the published setting that follow by computation, without any training."""

from pathlib import Path

from hrm.core.params import load_params
from hrm.core.schema import RunParams
from hrm.models.layer_calls import layers_a_segment
from hrm.report.claims_file import PublishedSetting
from hrm.report.summary import SummaryRow

TASK, VARIANT, METHOD = "published", "hrm", "computed"


def published_params(root: Path, overrides: list[str]) -> RunParams:
    """The published run: params/training.yaml with the variant hrm, no scale."""
    return load_params(RunParams, [root / "training.yaml", root / "variants" / "hrm.yaml"], overrides)


def derived_rows(root: Path, setting: PublishedSetting) -> list[SummaryRow]:
    """Rows `published/hrm/...`: parameters of our network, steps of the published epochs, effective depth.

    published_parameters: trainable parameters of `hrm.models`, counted on the network itself.
    published_steps: epochs x examples / batch size, rounded down.
    configured_steps: train.steps of params/training.yaml.
    published_effective_depth: layers passed in one segment (TRM paper).
    """
    params = published_params(root, [])
    model = params.model
    values = {
        "published_parameters": _count(params, setting),
        "published_steps": setting.epochs * setting.examples_per_epoch // params.train.batch_size,
        "configured_steps": params.train.steps,
        "published_effective_depth": layers_a_segment(model),
    }
    return [SummaryRow(TASK, VARIANT, metric, 0, float(value), None, None, METHOD) for metric, value in values.items()]


def _count(params: RunParams, setting: PublishedSetting) -> int:
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
    return count_parameters(model)
