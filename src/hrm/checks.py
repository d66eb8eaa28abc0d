"""All parameters at once: what each file may say, and that the names in one are there in the others."""

from pathlib import Path

from hrm.core.analysis_schema import RunsParams, analysis_params
from hrm.core.data_params import data_params
from hrm.core.errors import ParameterError
from hrm.core.pipeline_schema import PipelineParams, pipeline_params
from hrm.core.schema import evaluation_params, run_params
from hrm.costs import cost_params
from hrm.report.claims_file import read_claims
from hrm.report.comparison_schema import comparison_params
from hrm.report.headline import check_headline
from hrm.report.report_schema import report_params


def check_all(root: Path) -> PipelineParams:
    """Read every file that the pipeline will use, so that a mistake shows before the first job."""
    pipeline = pipeline_params(root)
    evaluation_params(root, [])
    comparison_params(root)
    check_headline(report_params(root).headline, read_claims(root / "claims.yaml"), root / "report.yaml")
    cost_params(root)
    analysis = analysis_params(root, [])
    run_params(root, pipeline.scale, analysis.memory.task, analysis.memory.variant, [])
    for task in pipeline.datasets:
        data_params(root, pipeline.scale, task, [])
    _check_runs(root, pipeline, "states", analysis.states)
    _check_runs(root, pipeline, "routing", analysis.routing)
    _check_runs(root, pipeline, "test_time", analysis.test_time)
    runs = {run for experiment in pipeline.experiments.values() for run in experiment.runs}
    for task, variant, seed in sorted(runs):
        transfer = run_params(root, pipeline.scale, task, variant, []).transfer
        if transfer.task is not None and (transfer.task, transfer.variant, seed) not in runs:
            raise ParameterError(
                f"{root / 'variants' / variant}.yaml: transfer names {transfer.task}/{transfer.variant}, of which"
                f" pipeline.yaml has no run with seed {seed}"
            )
    return pipeline


def _check_runs(root: Path, pipeline: PipelineParams, section: str, analysis: RunsParams) -> None:
    """ParameterError unless the networks that are looked into are trained, in groups called like experiments."""
    trained = {run for experiment in pipeline.experiments.values() for run in experiment.runs}
    for name, group in analysis.runs.items():
        where = f"{root / 'analysis.yaml'}: {section}.runs.{name}"
        if name not in pipeline.experiments:
            raise ParameterError(f"{where}: allowed names are those of experiments, {', '.join(pipeline.experiments)}")
        for run in group.runs:
            if run not in trained:
                raise ParameterError(f"{where} has {'/'.join(map(str, run))}; allowed are runs of pipeline.yaml")
