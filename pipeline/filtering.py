"""Questions through the checks, instances through the bounds on their number of questions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pipeline import draws
from pipeline.checks import run_checks
from pipeline.checks.dropped import Dropped
from pipeline.checks.repeated_question import repeated
from pipeline.checks.surroundings import Surroundings
from pipeline.params import Checks
from pipeline.questions.rejecting import rejected_question
from pipeline.schema import AskedQuestion, Instance, Question, Reject
from pipeline.text.tokens import Tokenizer

if TYPE_CHECKING:
    from pipeline.endpoint.asking import Asker

_SHARD = 64  # instances that are looked at together


def filter_instances(
    instances: Iterable[Instance],
    asked: Iterable[AskedQuestion],
    params: Checks,
    tokenizer: Tokenizer,
    judged_bad: Mapping[str, str],
    near_duplicate: int,
    seed: int,
    source: str,
    asker: "Asker | None" = None,
) -> Iterator[tuple[Instance | None, list[Reject]]]:
    """For each instance: the instance with the questions that it keeps, or None, and the rejects.

    `asker`: for the checks that ask a model, where params name one; they come last, of what is left.
    """
    by_instance: dict[str, list[Question]] = defaultdict(list)
    for row in asked:
        by_instance[row.instance].append(row.question)
    remaining = iter(instances)
    while shard := list(islice(remaining, _SHARD)):
        looked_at = []
        for instance in shard:
            looked = _Looked(
                Surroundings(instance, params, tokenizer, judged_bad), by_instance.pop(instance.id, []), []
            )
            _take([looked], [run_checks(question, looked.around) for question in looked.kept])
            repeats = repeated(looked.kept, near_duplicate)
            _take([looked], [repeats.get(question.id, question) for question in looked.kept])
            looked_at.append(looked)
        if asker is not None:
            _ask_models(looked_at, params, asker)
        for looked in looked_at:
            yield _bounded(looked, params, seed, source)


@dataclass
class _Looked:
    """An instance on its way: the questions kept so far, and those dropped with the reason."""

    around: Surroundings
    kept: list[Question]
    dropped: list[tuple[Question, Dropped]]


def _ask_models(looked_at: Sequence[_Looked], params: Checks, asker: "Asker") -> None:
    """Have models look at the questions that are left."""
    from pipeline.checks.model import closed_book, open_book  # loads the endpoint's client: seconds

    if params.closed_book is not None:
        questions = [(question, one.around) for one in looked_at for question in one.kept]
        _take(looked_at, closed_book(questions, params.closed_book, asker))
    if params.open_book is not None:
        questions = [(question, one.around) for one in looked_at for question in one.kept]
        _take(looked_at, open_book(questions, params.open_book, asker))


def _take(looked_at: Sequence[_Looked], results: Sequence[Question | Dropped]) -> None:
    """Sort the results of a check, one for each question that was kept, to their instances."""
    remaining = iter(results)
    for one in looked_at:
        kept = []
        for question in one.kept:
            result = next(remaining)
            if isinstance(result, Dropped):
                one.dropped.append((question, result))
            else:
                kept.append(result)
        one.kept = kept


def _bounded(looked: _Looked, params: Checks, seed: int, source: str) -> tuple[Instance | None, list[Reject]]:
    """The instance if it has questions enough, with as many as it may have."""
    instance, kept, dropped = looked.around.instance, looked.kept, looked.dropped
    if len(kept) < params.min_questions:
        why = Dropped("instance dropped", "its instance has too few questions")
        dropped += [(question, why) for question in kept]
        detail = f"{len(kept)} questions are left, min_questions is {params.min_questions}"
        rejects = [_rejected_instance(instance, "too few questions", detail)]
        return None, rejects + _rejected_questions(instance, dropped)
    sample = draws.shuffled(kept, lambda one: one.id, seed, source, instance.id, "sample")
    why = Dropped("over max_questions", f"the seeded sample holds {params.max_questions}")
    dropped += [(question, why) for question in sample[params.max_questions :]]
    instance.questions = sorted(sample[: params.max_questions], key=lambda one: one.id)
    return instance, _rejected_questions(instance, dropped)


def _rejected_questions(instance: Instance, dropped: list[tuple[Question, Dropped]]) -> list[Reject]:
    return [
        rejected_question(instance.source, "filter", question, why.reason, why.detail, instance)
        for question, why in dropped
    ]


def _rejected_instance(instance: Instance, reason: str, detail: str) -> Reject:
    return Reject(
        id=instance.id,
        source=instance.source,
        stage="filter",
        kind="instance",
        reason=reason,
        detail=detail,
        split=instance.split,
        document=instance.document,
    )
