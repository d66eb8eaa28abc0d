"""Routing and attention of one trained network, from files to files."""

import time
from collections.abc import Sequence
from pathlib import Path

import torch

from hrm.analysis.routing import COLUMNS, RoutingRow, routing_rows
from hrm.core.analysis_schema import RoutingParams
from hrm.core.device import describe_hardware
from hrm.core.errors import DataError
from hrm.core.files import sha256_file, write_json, write_text
from hrm.core.provenance import provenance
from hrm.core.schema import EvaluationParams
from hrm.data.dataset import load_dataset
from hrm.evaluation.evaluate import check_fit, csv_text, test_examples
from hrm.evaluation.measures import Row
from hrm.models.plain_layers import SelfAttention
from hrm.training.checkpoint import load_model

DEFINITION = (
    "entropy in nats of the weights of the heads (routing) or of the positions that a head looks at (attention), mean "
    "over test examples (and queries); share: of the logarithm of the number of choices"
)


def analyse_routing(
    model_path: Path, data: Path, out: Path, params: RoutingParams, evaluation: EvaluationParams, device: torch.device
) -> dict[str, dict[str, float]]:
    """Write routing.csv (`hrm.analysis.routing.COLUMNS`) and routing.json (definition, means, provenance) of each set
    of weights, to a folder of its name in `out`.

    Args:
        model_path: model.safetensors of a pointer model or its baseline.
        data: folder of the data set.
        out: folder of the results.
        params: how many examples.
        evaluation: the sets of weights and threads are taken from it.
        device: where the model runs.

    Returns:
        Of each set of weights the mean share of the largest entropy by kind, as in routing.json.

    Raises:
        CheckpointError: the model file is broken.
        DataError: the data set is broken, does not fit the model, or the model has no attention of this kind.
    """
    started = time.monotonic()
    torch.set_num_threads(evaluation.threads)
    models = {weights: load_model(model_path, weights, device, compile=False) for weights in evaluation.weights}
    loaded = models[evaluation.weights[0]]
    if not any(isinstance(module, SelfAttention) for module in loaded.model.modules()):
        architecture = loaded.params.model.architecture
        raise DataError(
            f"{model_path}: model.architecture is {architecture}; routing is measured of pointer, encoder and rnn"
        )
    dataset = load_dataset(data)
    check_fit(loaded, dataset, model_path, data)
    examples = test_examples(dataset, params.examples, device)
    segments = loaded.params.halting.evaluated_segments
    rows = {name: routing_rows(one.model, examples, segments, params.batch_size) for name, one in models.items()}
    about = {key: loaded.facts[key] for key in ("task", "variant", "scale", "seed", "step")}
    seconds = round(time.monotonic() - started, 2)
    shares = {name: _mean_shares(found) for name, found in rows.items()}
    for weights, found in rows.items():
        table: list[Row] = []
        for row in found:
            table.append({name: "" if (value := row[name]) is None else value for name in COLUMNS})
        write_text(out / weights / "routing.csv", csv_text(table))
        record = provenance(
            **about,
            definition=DEFINITION,
            mean_share=shares[weights],
            test_examples=len(examples.inputs),
            params=params.model_dump(),
            weights=weights,
            hardware=describe_hardware(device),
            seconds=seconds,
            data_sha256=dataset.info.sha256,
            model_sha256=sha256_file(model_path),
        )
        write_json(out / weights / "routing.json", record)
    return {str(name): means for name, means in shares.items()}


def _mean_shares(rows: Sequence[RoutingRow]) -> dict[str, float]:
    return {
        kind: round(sum(values) / len(values), 6)
        for kind in sorted({str(row["kind"]) for row in rows})
        if (values := [float(row["share"]) for row in rows if row["kind"] == kind and row["share"] is not None])
    }
