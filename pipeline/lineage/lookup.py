"""Look up an id: of an instance, a chunk, a question, a segment, or a reject."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Instance, Question, Reject, Segment
from pipeline.core.storage import has_table, read_row_group, read_rows
from pipeline.lineage.stage_files import OutputName, StageOutputs

EntityKind = Literal["instance", "chunk", "question", "segment"]


@dataclass(slots=True)
class _IdProjection:
    id: Annotated[str, "as in the dataset"]


@dataclass(slots=True)
class _ChunkIdProjection:
    id: Annotated[str, "as in Chunk"]
    segments: Annotated[list[_IdProjection], "as in Chunk"]


@dataclass(slots=True)
class _InstanceIdProjection:
    """The ids of an instance and its parts: quicker to read than the whole instance."""

    id: Annotated[str, "as in Instance"]
    chunks: Annotated[list[_ChunkIdProjection], "as in Instance"]
    questions: Annotated[list[_IdProjection], "as in Instance"]


@dataclass(slots=True)
class _QuestionIdProjection:
    """The id of a question, and of the instance that it is asked of."""

    instance: Annotated[str, "as in InstanceQuestion"]
    question: Annotated[_IdProjection, "as in InstanceQuestion"]


@dataclass(frozen=True, slots=True)
class LookupResult:
    """An id that was found: its kind, and its instance."""

    kind: EntityKind
    instance: Instance  # the instance with this id, or that holds it
    other_instance_ids: list[str]  # ids of further instances that hold it
    output: OutputName = "dataset"  # of the last stage that has it


def look_up(outputs: StageOutputs, entity_id: str) -> LookupResult | None:
    """Find an id in the files of the last stage that has it; None where no stage has it."""
    files = outputs.instance_files()
    for output in dict.fromkeys(output for output, _ in files):
        question_owners = _instances_with_question(outputs, entity_id) if output == "chunks" else set()
        matches: list[tuple[EntityKind, Path, int, str]] = []
        for path in (path for path_output, path in files if path_output == output):
            for group in outputs.row_groups(path):
                for ids in read_row_group(path, _InstanceIdProjection, group):
                    kind = "question" if ids.id in question_owners else _find_kind(ids, entity_id)
                    if kind is not None:
                        matches.append((kind, path, group, ids.id))
        if matches:
            kind, path, group, first_id = matches[0]
            instance = outputs.read_instance(path, group, first_id)
            return LookupResult(kind, instance, [other_id for *_, other_id in matches[1:]], output)
    return None


def look_up_unassigned(outputs: StageOutputs, entity_id: str) -> Segment | Question | None:
    """Find an id outside instances: a labelled example, or a source question without an instance yet."""
    unassigned: Iterator[Segment | Question] = chain(
        outputs.read_labelled_examples(), outputs.read_pending_questions()
    )
    return next((one for one in unassigned if one.id == entity_id), None)


def _instances_with_question(outputs: StageOutputs, question_id: str) -> set[str]:
    """Return the ids of the instances to which the stage `question` assigned a question."""
    path = outputs.questions / "questions.parquet"
    if not has_table(path):
        return set()
    return {row.instance for row in read_rows(path, _QuestionIdProjection) if row.question.id == question_id}


def _find_kind(ids: _InstanceIdProjection, entity_id: str) -> EntityKind | None:
    if ids.id == entity_id:
        return "instance"
    if any(question.id == entity_id for question in ids.questions):
        return "question"
    for chunk in ids.chunks:
        if chunk.id == entity_id:
            return "chunk"
        if any(segment.id == entity_id for segment in chunk.segments):
            return "segment"
    return None


def find_rejects(files: Iterable[Path], entity_id: str) -> Iterator[Reject]:
    """Iterate over the rejects with this id, and those that have a segment with this id."""
    for path in files:
        for reject in read_rows(path, Reject):
            if entity_id in {reject.id, *(segment.id for segment in reject.segments)}:
                yield reject


def not_found_error(entity_id: str) -> MemcurateError:
    """Return the error for an id that no file has."""
    return MemcurateError(
        f"nothing here has the id {entity_id!r}: neither data/dataset nor the outputs and rejects of the "
        "stages of its source have it. Ids of instances, chunks, questions and segments are "
        "<source>/<16 hex digits>; an episode is METHOD:INSTANCE"
    )
