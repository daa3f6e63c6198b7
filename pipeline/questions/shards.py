"""Make the questions of a chunked source that need no model, file by file and shard by shard."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.output_files import FileGroup
from pipeline.core.params import QuestionParams
from pipeline.core.remote import AnyPath
from pipeline.core.tasks import run_tasks
from pipeline.questions.chunk_inputs import ChunkInputs
from pipeline.questions.deterministic import make_given_questions, needs_rules
from pipeline.questions.question_parts import write_question_parts


@dataclass(frozen=True, slots=True)
class GivenTask:
    """A file of instances, for the questions that the source gives: its own, and those for labels."""

    chunk_inputs: ChunkInputs
    config: QuestionParams
    seed: int
    source: str

    @property
    def inputs(self) -> Sequence[Path]:
        """The files of the chunk stage that belong together."""
        return self.chunk_inputs.inputs


def make_question_parts(
    files: Sequence[ChunkInputs],
    config: QuestionParams,
    seed: int,
    source: str,
    assets: Path,
    work_dir: AnyPath,
    language: str = "en",
) -> tuple[list[FileGroup], Counter[str]]:
    """Make all questions of a source that need no model, as parts in `work_dir`.

    Args:
        files: The files of the chunk stage.
        config: The source's `questions` block.
        seed: Draws the examples whose labels are asked for.
        source: Name in params.yaml.
        assets: The folder of assets, for the sentence splitter.
        work_dir: The folder or address of the tasks' parts, which the caller removes.
        language: That of the source, by ISO 639.

    Returns:
        The parts of each file of the stage, and the number of questions by origin.
    """
    tasks = [GivenTask(file, config, seed, source) for file in files]
    results = list(run_tasks(make_given_part, tasks, work_dir, "files"))
    folders = [[result.folder] for result in results]
    origins = Counter[str]()
    for result in results:
        origins.update(result.manifest["origins"])
    if needs_rules(config):
        # Imported here: it loads spaCy, seconds that most sources save.
        from pipeline.questions.rules.shards import run_rule_tasks

        for index, result in run_rule_tasks(files, config, assets, work_dir, language):
            folders[index].append(result.folder)
            origins.update(result.manifest["origins"])
    return [FileGroup(of_file) for of_file in folders], origins


def make_given_part(task: GivenTask, folder: Path) -> dict[str, Any]:
    """Write the source, label and document questions of a file; the manifest counts them by origin."""
    inputs = task.chunk_inputs.open()
    questions, rejects = make_given_questions(inputs, task.config, task.seed, task.source)
    write_question_parts(folder, questions, rejects)
    return {"origins": Counter(row.question.origin for row in questions)}
