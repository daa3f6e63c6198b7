"""Filter a source shard by shard: some row groups of its instances, with their questions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.checks.filtering import filter_instances
from pipeline.checks.pii import find_pii
from pipeline.core.columns import from_record_batch, replace_column
from pipeline.core.output_files import Table
from pipeline.core.params import CheckParams
from pipeline.core.parts import PART_SUFFIX, iter_groups, write_part, write_table_part
from pipeline.core.schema import Instance, InstanceQuestion, PiiFinding, Reject, column_paths
from pipeline.core.storage import find_parts, read_columns, read_matching_rows, row_group_sizes
from pipeline.text.tokens import load_tokenizer

if TYPE_CHECKING:
    from pipeline.llm.client import LLMClient

_INSTANCES_PER_TASK = 128

FILTER_TABLES = {
    "instances": Table(Instance, ()),  # in order, which is sorted by id
    "rejects": Table(Reject, ("id",)),
    "pii_findings": Table(PiiFinding, ("id",)),
}


@dataclass(frozen=True, slots=True)
class FilterParams:
    """All that the result of the filter stage depends on, beside its input files."""

    source: str
    checks: CheckParams
    near_duplicate: int  # dataset.near_duplicate, in percent
    bad_verdicts: Mapping[str, str]  # by question id, as in human_review.py
    seed: int
    tokenizer_name: str
    assets: Path
    language: str


@dataclass(frozen=True, slots=True)
class FilterTask:
    """Some row groups of a file of instances, and the file of their questions."""

    params: FilterParams
    instances: Path
    questions: Path
    row_groups: range

    @property
    def inputs(self) -> Sequence[Path]:
        """The two files."""
        return self.instances, self.questions


def plan_filter_tasks(params: FilterParams, instances: Path, questions: Path) -> list[list[FilterTask]]:
    """Plan the tasks of each file of instances, in order.

    `instances` and `questions`: tables as `find_parts` finds them, with equally many files.
    """
    return [
        [
            FilterTask(params, one, other, row_groups)
            for row_groups in iter_groups(row_group_sizes(one), _INSTANCES_PER_TASK)
        ]
        for one, other in zip(find_parts(instances), find_parts(questions), strict=True)
    ]


def filter_shard(task: FilterTask, folder: Path, client: "LLMClient | None" = None) -> dict[str, Any]:
    """Filter the instances of a task; write the parts of FILTER_TABLES to `folder`.

    `client`: for the checks that call a model. The manifest counts the PII findings by kind.
    """
    params = task.params
    table = pa.concat_tables(
        read_columns(task.instances, Instance, group, column_paths(Instance)) for group in task.row_groups
    )
    instances = [row for batch in table.to_batches() for row in from_record_batch(batch, Instance)]
    ids = {instance.id for instance in instances}
    kept: list[tuple[int, Instance]] = []
    rejects: list[Reject] = []
    findings: list[PiiFinding] = []
    filtered = filter_instances(
        instances,
        read_matching_rows(task.questions, InstanceQuestion, "instance", ids),
        params.checks,
        # Not loaded, which takes a while, where no check needs it.
        None
        if params.checks.max_answer_tokens is None
        else load_tokenizer(params.tokenizer_name, params.assets),
        params.bad_verdicts,
        params.near_duplicate,
        params.seed,
        params.source,
        client,
        params.language,
    )
    for index, (instance, instance_rejects) in enumerate(filtered):
        rejects.extend(instance_rejects)
        if instance is not None:
            findings.extend(find_pii(instance, params.language))
            kept.append((index, instance))
    # The columns as they were read, but for the questions: to make them of rows again takes longer.
    rows = table.take(pa.array([index for index, _ in kept], pa.int64()))
    rows = replace_column(rows, Instance, "questions", [instance for _, instance in kept])
    write_table_part(folder / f"instances{PART_SUFFIX}", Instance, rows)
    write_part(folder / f"rejects{PART_SUFFIX}", Reject, rejects)
    write_part(folder / f"pii_findings{PART_SUFFIX}", PiiFinding, findings)
    return {"pii": Counter(finding.kind for finding in findings)}
