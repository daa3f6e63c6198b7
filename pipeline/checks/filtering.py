"""Filter questions by the checks, and instances by the bounds on their number of questions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pipeline.checks import run_checks
from pipeline.checks.context import CheckContext
from pipeline.checks.repeated_question import find_repeated_questions
from pipeline.core import seeded_random
from pipeline.core.params import CheckParams
from pipeline.core.rejection import Rejection, make_instance_reject, make_question_reject
from pipeline.core.schema import Instance, InstanceQuestion, Question, Reject
from pipeline.text.tokens import Tokenizer

if TYPE_CHECKING:
    from pipeline.llm.client import LLMClient

_SHARD_SIZE = 64  # instances whose model calls run together


def filter_instances(
    instances: Iterable[Instance],
    questions: Iterable[InstanceQuestion],
    params: CheckParams,
    tokenizer: Tokenizer | None,
    bad_verdicts: Mapping[str, str],
    near_duplicate: int,
    seed: int,
    source: str,
    client: "LLMClient | None" = None,
    language: str = "en",
) -> Iterator[tuple[Instance | None, list[Reject]]]:
    """Yield (the instance with its kept questions, or None if it is dropped; its rejects) for each instance.

    Args:
        instances: The instances of one source; their questions are set here.
        questions: The questions of these instances, in any order.
        params: The source's `checks` block.
        tokenizer: For `max_answer_tokens`; not needed where that is None.
        bad_verdicts: The reason of each question that a person judged bad, by the question's id.
        near_duplicate: The least Jaccard similarity of near-duplicate questions, in percent.
        seed: For the draw of `max_questions`.
        source: The name of the source.
        client: For the checks that call a model, which run last, on the questions that are left; without a
            client they do not run.
        language: That of the source, by ISO 639.
    """
    by_instance: dict[str, list[Question]] = defaultdict(list)
    for row in questions:
        by_instance[row.instance].append(row.question)
    remaining = iter(instances)
    while shard := list(islice(remaining, _SHARD_SIZE)):
        states = []
        for instance in shard:
            state = _FilterState(
                CheckContext(instance, params, tokenizer, bad_verdicts, language),
                by_instance.pop(instance.id, []),
                [],
            )
            _apply_results([state], [run_checks(question, state.context) for question in state.kept])
            repeats = find_repeated_questions(state.kept, near_duplicate)
            _apply_results([state], [repeats.get(question.id, question) for question in state.kept])
            states.append(state)
        if client is not None:
            _run_model_checks(states, params, client)
        for state in states:
            yield _bound_questions(state, params, seed, source)


@dataclass
class _FilterState:
    """The state of an instance between checks: the questions kept so far, and the rejected ones."""

    context: CheckContext
    kept: list[Question]
    rejected: list[tuple[Question, Rejection]]


def _run_model_checks(states: Sequence[_FilterState], params: CheckParams, client: "LLMClient") -> None:
    """Run the checks that call a model on the questions that are left."""
    # The import loads the LLM client, which takes seconds.
    from pipeline.checks.model_checks import check_closed_book, check_open_book

    if params.closed_book is not None:
        questions = [(question, state.context) for state in states for question in state.kept]
        _apply_results(states, check_closed_book(questions, params.closed_book, client))
    if params.open_book is not None:
        questions = [(question, state.context) for state in states for question in state.kept]
        _apply_results(states, check_open_book(questions, params.open_book, client))


def _apply_results(states: Sequence[_FilterState], results: Sequence[Question | Rejection]) -> None:
    """Apply the results of a check to the instances: one result for each kept question, in order."""
    remaining = iter(results)
    for state in states:
        kept = []
        for question in state.kept:
            result = next(remaining)
            if isinstance(result, Rejection):
                state.rejected.append((question, result))
            else:
                kept.append(result)
        state.kept = kept


def _bound_questions(
    state: _FilterState, params: CheckParams, seed: int, source: str
) -> tuple[Instance | None, list[Reject]]:
    """Drop an instance with fewer than `min_questions`; else keep a sample of at most `max_questions`."""
    instance, kept, rejected = state.context.instance, state.kept, state.rejected
    if len(kept) < params.min_questions:
        rejection = Rejection("instance dropped", "its instance has too few questions")
        rejected += [(question, rejection) for question in kept]
        detail = f"{len(kept)} questions are left, min_questions is {params.min_questions}"
        instance_reject = make_instance_reject("filter", instance, Rejection("too few questions", detail))
        return None, [instance_reject, *_reject_questions(instance, rejected)]
    sample = seeded_random.shuffled(kept, lambda question: question.id, seed, source, instance.id, "sample")
    rejection = Rejection("over max_questions", f"the seeded sample holds {params.max_questions}")
    rejected += [(question, rejection) for question in sample[params.max_questions :]]
    instance.questions = sorted(sample[: params.max_questions], key=lambda question: question.id)
    return instance, _reject_questions(instance, rejected)


def _reject_questions(instance: Instance, rejected: list[tuple[Question, Rejection]]) -> list[Reject]:
    return [
        make_question_reject(
            instance.source, "filter", question, rejection.reason, rejection.detail, instance
        )
        for question, rejection in rejected
    ]
