"""Answers as a Parquet file that is versioned with the dataset: whoever has it needs no model."""

from collections.abc import Collection, Iterable
from hashlib import file_digest
from pathlib import Path

from pipeline.endpoint.answers import Answer, AnswerCache
from pipeline.errors import MemcurateError
from pipeline.folders import whole_file
from pipeline.params import AnswersFile
from pipeline.storage import read_rows, write_rows


def export(answers: AnswerCache, keys: Collection[str], target: Path) -> int:
    """Write the answers with these keys, sorted by key; return how many.

    Raises MemcurateError when one of them is not kept, as the file would not do for a rebuild, and when the
    file cannot be written.
    """
    found = [answers.get(key) for key in sorted(set(keys))]
    missing = sum(answer is None for answer in found)
    if missing:
        raise MemcurateError(
            f"{missing} of the {len(found)} answers that this build used are not kept here: build it here "
            "first, or name the file that has them in MEMCURATE_ENDPOINT_ANSWERS"
        )
    with whole_file(target) as aside:
        return write_rows(aside, Answer, (answer for answer in found if answer is not None))


def bring_in(path: Path, answers: AnswerCache) -> int:
    """Keep the answers of a file that `export` wrote; return how many it has.

    Raises MemcurateError when it is not such a file.
    """
    if not path.is_file():
        raise MemcurateError(f"{path} is not a file: name one that `memcurate answers export` wrote")
    count = 0
    for answer in read_rows(path, Answer):
        answers.keep(answer)
        count += 1
    return count


def digest(path: Path) -> str:
    """sha256 of a file of answers, as params name it."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def imported(file: AnswersFile) -> Iterable[Answer]:
    """The answers of the file that params name. Raises MemcurateError when it is not that file."""
    path = Path(file.path)
    if not path.is_file():
        raise MemcurateError(f"{path}, which params.yaml names under answers, is not there: `dvc pull` it")
    found = digest(path)
    if found != file.sha256:
        raise MemcurateError(
            f"{path} has sha256 {found}, and params.yaml expects {file.sha256} under answers: it is another "
            "file, or the params must say so"
        )
    return read_rows(path, Answer)
