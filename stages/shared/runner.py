"""Run of a stage: params, locks of its outputs, metrics, and errors as one line."""

import os
from collections.abc import Callable
from typing import Any

from pipeline.core.environment import reject_renamed_variables
from pipeline.core.memory import collect_less_often, keep_pandas_out
from pipeline.core.params import Params, load_params, require_enabled
from stages.shared.arguments import parse_stage_arguments
from stages.shared.exit_status import report_errors
from stages.shared.metrics import write_metrics
from stages.shared.output_locks import hold_outputs
from stages.shared.paths import DATA_STAGES, STAGE_OUTPUTS, metrics_path
from stages.shared.yields import YIELD_DIRS, describe_output, describe_yield


def run_stage(stage: Callable[[Params, str], dict[str, Any]], name: str) -> None:
    """Run a stage for the source that the command line names, or for all, and write its metrics.

    The stage gets the params and the source, "" where it takes none, and returns its metrics. Its outputs are
    locked until they are written. Errors and interrupts end the process as in `report_errors`.
    """
    source = parse_stage_arguments(name)
    with report_errors(f"{name}@{source}" if source else name):
        reject_renamed_variables(os.environ)
        params = load_params()
        if source is not None:
            require_enabled(params, source)
        folders = [folder / (source or "") for folder in STAGE_OUTPUTS[name]]
        with hold_outputs(folders, metrics_path(name, source)):
            if name in DATA_STAGES:
                keep_pandas_out()
            collect_less_often()
            metrics = stage(params, source or "")
            write_metrics(name, source, metrics)
        if source is not None and name in YIELD_DIRS:
            for line in describe_yield(name, source):
                print(line)
        for line in describe_output(name, metrics):
            print(line)
