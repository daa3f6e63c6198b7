"""The diff of two small versions."""

from pathlib import Path

import pytest

from pipeline.core.schema import Reject
from pipeline.diff.comparison import SourceDiff
from tests.pipeline.diff.factories import OLD_INSTANCES, compare_samples, make_lock, make_new_instances


@pytest.fixture
def source_diff(tmp_path: Path) -> SourceDiff:
    """The diff of the only source: rows of every change type, a changed param, two rejects."""
    (one,) = compare_samples(
        tmp_path,
        {"instances": OLD_INSTANCES, "dvc_lock": make_lock(max_tokens=2, budget={"a": 1})},
        {
            "instances": make_new_instances(),
            "dvc_lock": make_lock(max_tokens=3, budget={"a": 1}),
            "rejects": [
                Reject("made/q made/gamma", "made", "filter", "question", "not English", "found: is"),
                Reject("made/i1", "made", "filter", "instance", "too few questions", "0"),
            ],
        },
    )
    return one
