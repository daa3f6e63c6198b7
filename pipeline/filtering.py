"""Questions through the checks, instances through the bounds on their number of questions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pipeline import draws
from pipeline.checks import run_checks
from pipeline.checks.dropped import Dropped
from pipeline.checks.repeated_question import repeated
from pipeline.checks.surroundings import Surroundings
from pipeline.params import Checks
from pipeline.questions.rejecting import rejected_question
from pipeline.schema import AskedQuestion, Instance, Question, Reject
from pipeline.text.tokens import Tokenizer


def filter_instances(
    instances: Iterable[Instance],
    asked: Iterable[AskedQuestion],
    params: Checks,
    tokenizer: Tokenizer,
    judged_bad: Mapping[str, str],
    near_duplicate: int,
    seed: int,
    source: str,
) -> Iterator[tuple[Instance | None, list[Reject]]]:
    """For each instance: the instance with the questions that it keeps, or None, and the rejects."""
    by_instance: dict[str, list[Question]] = defaultdict(list)
    for row in asked:
        by_instance[row.instance].append(row.question)
    for instance in instances:
        around = Surroundings(instance, params, tokenizer, judged_bad)
        kept, dropped = _checked(by_instance.pop(instance.id, []), around)
        repeats = repeated(kept, near_duplicate)
        dropped += [(question, repeats[question.id]) for question in kept if question.id in repeats]
        kept = [question for question in kept if question.id not in repeats]
        if len(kept) < params.min_questions:
            why = Dropped("instance dropped", "its instance has too few questions")
            dropped += [(question, why) for question in kept]
            detail = f"{len(kept)} questions are left, min_questions is {params.min_questions}"
            rejects = [_rejected_instance(instance, "too few questions", detail)]
            yield None, rejects + _rejected_questions(instance, dropped)
            continue
        sample = draws.shuffled(kept, lambda one: one.id, seed, source, instance.id, "sample")
        why = Dropped("over max_questions", f"the seeded sample holds {params.max_questions}")
        dropped += [(question, why) for question in sample[params.max_questions :]]
        instance.questions = sorted(sample[: params.max_questions], key=lambda one: one.id)
        yield instance, _rejected_questions(instance, dropped)


def _checked(
    questions: list[Question], around: Surroundings
) -> tuple[list[Question], list[tuple[Question, Dropped]]]:
    """(the questions that every check keeps, the others with the reason)."""
    kept, dropped = [], []
    for question in questions:
        result = run_checks(question, around)
        if isinstance(result, Dropped):
            dropped.append((question, result))
        else:
            kept.append(result)
    return kept, dropped


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
