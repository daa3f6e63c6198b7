"""Make rule-based questions shard by shard: a task is some row groups of a file of instances.

First tasks count the words of all instances, for the English rules need those of the whole source. Then other
tasks make the questions.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline.core.json_reader import load_json
from pipeline.core.params import QuestionParams
from pipeline.core.parts import iter_groups
from pipeline.core.remote import AnyPath, new_folder
from pipeline.core.schema import Instance, InstanceQuestion, InstanceTexts
from pipeline.core.storage import read_row_group, row_group_sizes
from pipeline.core.tasks import TaskResult, run_tasks
from pipeline.questions.chunk_inputs import ChunkInputs
from pipeline.questions.question_parts import write_question_parts
from pipeline.questions.rules.rule_based import (
    count_instance_words,
    make_instance_clozes,
    make_instance_questions,
)
from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import SentenceTagger
from pipeline.text.languages import find_language
from pipeline.text.sentences import load_splitter

_INSTANCES_PER_TASK = 128
_WORDS_FILE = "words.json"


@dataclass(frozen=True, slots=True)
class WordTask:
    """Row groups of a file of instances, whose words are counted."""

    instances: Path
    row_groups: range

    @property
    def inputs(self) -> Sequence[Path]:
        """The file of instances."""
        return (self.instances,)


@dataclass(frozen=True, slots=True)
class RuleTask:
    """Row groups of a file of instances, for rule-based questions."""

    chunk_inputs: ChunkInputs
    row_groups: range
    word_counts: AnyPath | None  # of the whole source; None where the rules of its language need none
    config: QuestionParams
    assets: Path
    language: str

    @property
    def inputs(self) -> Sequence[AnyPath]:
        """The file of instances, the words, and the questions with human summaries."""
        words = () if self.word_counts is None else (self.word_counts,)
        return self.chunk_inputs.instances, *words, self.chunk_inputs.document_questions


def run_rule_tasks(
    files: Sequence[ChunkInputs],
    config: QuestionParams,
    assets: Path,
    work_dir: AnyPath,
    language: str = "en",
) -> Iterator[tuple[int, TaskResult]]:
    """Make the rule-based questions of a source in a language, as parts in `work_dir`.

    Yields (index of the file of instances, result) in order.
    """
    shards = [
        (index, row_groups)
        for index, file in enumerate(files)
        for row_groups in iter_groups(row_group_sizes(file.instances), _INSTANCES_PER_TASK)
    ]
    words = None
    if find_language(language) is None:
        words = _count_words([WordTask(files[index].instances, groups) for index, groups in shards], work_dir)
    tasks = [RuleTask(files[index], groups, words, config, assets, language) for index, groups in shards]
    results = run_tasks(make_rule_part, tasks, work_dir, "shards with questions")
    for (index, _), result in zip(shards, results, strict=True):
        yield index, result


def _count_words(tasks: Sequence[WordTask], work_dir: AnyPath) -> AnyPath:
    """Count the words of a source; return the file of the counts."""
    statistics = WordStatistics()
    for result in run_tasks(count_shard_words, tasks, work_dir, "shards counted"):
        statistics.merge(WordStatistics.from_json(result.manifest))
    statistics.drop_irrelevant_words()
    folder = work_dir / "words"
    with new_folder(folder, last=_WORDS_FILE) as staged:
        (staged / _WORDS_FILE).write_text(json.dumps(statistics.to_json()), encoding="utf-8")
    return folder / _WORDS_FILE


def count_shard_words(task: WordTask, _: Path) -> dict[str, Any]:
    """Count the words of a task's instances; the manifest is the statistics."""
    groups = (read_row_group(task.instances, InstanceTexts, group) for group in task.row_groups)
    return count_instance_words(chain.from_iterable(groups)).to_json()


def make_rule_part(task: RuleTask, folder: Path) -> dict[str, Any]:
    """Write the rule-based questions of a task's instances; the manifest counts them by origin."""
    instances = (
        instance
        for group in task.row_groups
        for instance in read_row_group(task.chunk_inputs.instances, Instance, group)
    )
    questions = list(_iter_questions(task, instances))
    write_question_parts(folder, questions, [])
    return {"origins": Counter(row.question.origin for row in questions)}


def _iter_questions(task: RuleTask, instances: Iterable[Instance]) -> Iterator[InstanceQuestion]:
    splitter = load_splitter(task.assets / "nltk")
    if task.word_counts is None:
        for instance in instances:
            yield from make_instance_clozes(instance, task.config, task.language, splitter)
        return
    summary_questions = task.chunk_inputs.read_summary_questions()
    tagger = _load_tagger(task.word_counts)
    for instance in instances:
        yield from make_instance_questions(
            instance, task.config, tagger, splitter, summary_questions.get(instance.id)
        )


@cache
def _load_tagger(word_counts: AnyPath) -> SentenceTagger:
    """Return the tagger of a source, which is loaded once per process."""
    return SentenceTagger(WordStatistics.from_json(load_json(word_counts.read_bytes())))
