"""Summary questions whose summary, or keywords, come from a model (paper: BookSum).

Where a source has no human summary, the model summarises an instance chunk by chunk, so that no call depends
on how chunks are joined. A summary is rejected when it names too few of the names, places and events that the
rules find in the instance. The check `summary_agrees` rejects a summary whose words the instance lacks.
"""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from pipeline.core.ids import short_id
from pipeline.core.params import ModelSettings, SummaryGeneration
from pipeline.core.rejection import make_question_reject
from pipeline.core.schema import Instance, InstanceQuestion, Question, Reject, segment_text
from pipeline.llm.client import Job, JobResult, LLMClient
from pipeline.llm.prompts import render_prompt
from pipeline.questions.rules.summary import MAX_KEYWORD_WORDS, MAX_KEYWORDS, summary_question_text
from pipeline.text.normalize import contains_normalized, fold_case, normalize_text


class _Summary(BaseModel):
    summary: str


class _Keywords(BaseModel):
    """Eight aspects (paper)."""

    people: list[str] = []
    places: list[str] = []
    times: list[str] = []
    events: list[str] = []
    objects: list[str] = []
    relations: list[str] = []
    motives: list[str] = []
    outcomes: list[str] = []

    def interleave_aspects(self) -> list[str]:
        """Return the keywords of at most three words, each once, one of each aspect in turn."""
        aspects = [getattr(self, name) for name in type(self).model_fields]
        longest = max(map(len, aspects))
        turns = [aspect[index] for index in range(longest) for aspect in aspects if index < len(aspect)]
        short = [" ".join(word.split()) for word in turns if 0 < len(word.split()) <= MAX_KEYWORD_WORDS]
        return _deduplicate(short)


def generate_summaries(
    instances: Sequence[Instance],
    rule_questions: Mapping[str, Question],
    config: SummaryGeneration,
    client: LLMClient,
) -> tuple[dict[str, str], list[Reject]]:
    """Summarise instances with a model, chunk by chunk.

    Args:
        instances: Instances without a human summary.
        rule_questions: By instance id, the summary question that the rules made: a summary must name enough
            of its answers.
        config: The model, and the least percentage of these answers (`min_coverage`).
        client: Sends the requests.

    Returns:
        The summaries by instance id, and a reject for each instance whose summary does not do.
    """
    jobs = [
        Job(chunk.id, render_prompt("questions/chunk_summary", text=chunk.text), _Summary)
        for instance in instances
        for chunk in instance.chunks
    ]
    results = iter(client.run_jobs(jobs, config.model, "summaries"))
    summary_texts: dict[str, str] = {}
    rejects: list[Reject] = []
    for instance in instances:
        parts = [next(results) for _ in instance.chunks]
        summary = "\n".join(part.reply.summary.strip() for part in parts if part.reply)
        problem = _find_problem(summary, parts, rule_questions.get(instance.id), config.min_coverage)
        if problem is None:
            summary_texts[instance.id] = summary
        else:
            question = _make_question(instance, ["(none)"], summary)
            rejects.append(make_question_reject(instance.source, "question", question, *problem, instance))
    return summary_texts, rejects


def _find_problem(
    summary: str, parts: Sequence[JobResult[_Summary]], rule_question: Question | None, min_percent: int
) -> tuple[str, str] | None:
    """Return the reason and detail that reject a summary, or None where it does."""
    for part in parts:
        if part.reason:
            return f"summary: {part.reason}", part.detail
    if rule_question is None:
        return "summary of nothing", "the instance has no names, places and events of its own"
    normalised_summary = normalize_text(summary)
    covered_keywords = [
        keyword for keyword in rule_question.answers if contains_normalized(normalised_summary, keyword)
    ]
    percent = 100 * len(covered_keywords) // len(rule_question.answers)
    if percent < min_percent:
        return "summary covers too little", f"{percent} percent of {', '.join(rule_question.answers)}"
    return None


def make_keyword_questions(
    instances: Sequence[Instance], summaries: Mapping[str, str], model: ModelSettings, client: LLMClient
) -> tuple[list[InstanceQuestion], list[Reject]]:
    """Make a summary question of each instance, answered by keywords that a model names.

    The model reads the summary of an instance, or each chunk where `summaries` has none.

    Returns:
        The questions, and a reject for each instance of which the model names no keyword.
    """
    texts = [_texts_to_read(instance, summaries) for instance in instances]
    jobs = [
        Job(instance.id, render_prompt("questions/keywords", text=text), _Keywords)
        for instance, parts in zip(instances, texts, strict=True)
        for text in parts
    ]
    results = iter(client.run_jobs(jobs, model, "keywords"))
    questions: list[InstanceQuestion] = []
    rejects: list[Reject] = []
    for instance, parts in zip(instances, texts, strict=True):
        instance_results = [next(results) for _ in parts]
        named = (
            keyword
            for result in instance_results
            if result.reply
            for keyword in result.reply.interleave_aspects()
        )
        keywords = _deduplicate(named)[:MAX_KEYWORDS]
        question = _make_question(instance, keywords or ["(none)"], summaries.get(instance.id))
        if keywords:
            questions.append(InstanceQuestion(instance.id, question))
        else:
            reason = f"keywords: {instance_results[0].reason or 'none'}"
            rejects.append(
                make_question_reject(
                    instance.source, "question", question, reason, instance_results[0].detail, instance
                )
            )
    return questions, rejects


def _deduplicate(keywords: Iterable[str]) -> list[str]:
    """Return the first of the keywords that differ only in case, in their order."""
    first: dict[str, str] = {}
    for keyword in keywords:
        first.setdefault(fold_case(keyword), keyword)
    return list(first.values())


def _texts_to_read(instance: Instance, summaries: Mapping[str, str]) -> list[str]:
    summary = summaries.get(instance.id)
    return [chunk.text for chunk in instance.chunks] if summary is None else [summary]


def _make_question(instance: Instance, keywords: Sequence[str], summary: str | None) -> Question:
    """Make a summary question, whose evidence is every segment that holds a keyword."""
    text = summary_question_text(instance)
    evidence: list[str] = []
    chunks: set[int] = set()
    for chunk in instance.chunks:
        for segment in chunk.segments:
            normalised_segment = normalize_text(segment_text(chunk, segment))
            if any(contains_normalized(normalised_segment, keyword) for keyword in keywords):
                evidence.append(segment.id)
                chunks.add(chunk.index)
    return Question(
        id=short_id(instance.source, instance.id, text, *keywords, summary),
        text=text,
        answers=list(keywords),
        metric="keywords",
        origin="summary",
        kind=None,
        time=None,
        evidence=evidence,
        evidence_chunks=sorted(chunks),
        source_span=None,
        summary=summary,
    )
