"""Text of a preview: what was read, kept and dropped, why little is left, and an instance as it reads."""

from collections import Counter
from collections.abc import Iterator

from pipeline.core.printable import count_noun
from pipeline.core.rejection import NOT_AT_SPAN_REASON
from pipeline.core.schema import Instance, Reject
from pipeline.report.preview import FEW_INSTANCES, Preview
from pipeline.report.sample_records import describe_first

_MAX_REASONS = 5
_WARN_FRACTION = 10  # a warning where one in ten records is rejected, or more
_TOO_SHORT = "document too short"
_INSTANCE_DROPPED = "instance dropped"  # of questions whose instance has too few


def format_preview(name: str, preview: Preview) -> Iterator[str]:
    """Yield the lines of a preview: what was read, kept and dropped, and an instance as it reads."""
    sample = preview.sample
    is_part = sample.sampled_bytes < sample.num_bytes
    yield (
        f"{name}: {count_noun(sample.num_files, 'file')}, {_format_size(sample.num_bytes)}"
        + (f"; of a sample of {_format_size(sample.sampled_bytes)}:" if is_part else "")
    )
    if preview.records.rejected:
        yield f"  read     {preview.records.read:,} of {count_noun(preview.records.total, 'record')}"
    splits = Counter(str(one.split) for one in preview.instances)
    count = max(1, len(preview.instances))
    num_chunks = sum(len(one.chunks) for one in preview.instances)
    has_rejects = any(reject.kind == "record" for reject in preview.rejects)
    of_rest = " of the records that were read" if has_rejects else ""
    yield (
        f"  kept     {preview.kept_percent} % of the text{of_rest}, in "
        f"{count_noun(len(preview.instances), 'instance')} of {num_chunks / count:.1f} chunks: "
        f"train {splits['train']}, test {splits['test']}"
    )
    for kind, counts in sorted(_count_rejects(preview.rejects).items()):
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common(_MAX_REASONS))
        yield f"  dropped  {count_noun(counts.total(), kind)}: {reasons}"
        if kind == "record":
            for reason, _ in counts.most_common(_MAX_REASONS):
                yield f"           {describe_first(preview.rejects, reason, sample.folder)}"
    origins = Counter(question.origin for one in preview.instances for question in one.questions)
    of_origin = ", ".join(f"{origin} {count:,}" for origin, count in origins.most_common())
    yield (
        f"  asked    {count_noun(origins.total(), 'question')}, "
        f"{origins.total() / max(1, len(preview.instances)):.1f} per instance"
        + (f": {of_origin}" if of_origin else "")
    )
    yield from _warn(preview, splits)
    if preview.instances:
        yield ""
        yield from _show_instance(max(preview.instances, key=lambda one: (len(one.questions), one.id)))


def _format_size(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 100_000 else f"{-(-num_bytes // 1000)} kB"


def _count_rejects(rejects: list[Reject]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for reject in rejects:
        counts.setdefault(reject.kind, Counter())[reject.reason] += len(reject.segments) or 1
    return counts


def _warn(preview: Preview, splits: Counter[str]) -> Iterator[str]:
    records = preview.records
    for key, column in preview.missing_columns.items():
        names = ", ".join(records.columns)
        yield f"  warning: no record has the column {column!r} that `{key}` names; they have {names:.200}"
    misplaced = [one for one in preview.rejects if one.reason == NOT_AT_SPAN_REASON]
    if misplaced:
        yield _describe_misplaced(preview, misplaced)
    if not preview.has_text:
        why = ". The first rejects, above, say why" if preview.rejects else ": the format gave no text"
        yield f"  warning: nothing was read{why}"
        return
    if records.rejected * _WARN_FRACTION >= records.total > 0:
        yield (
            f"  warning: {records.rejected:,} of {count_noun(records.total, 'record')} were rejected. The "
            "first rejects, above, say why"
        )
    if preview.pii:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in preview.pii.most_common())
        yield (
            f"  found    {count_noun(preview.pii.total(), 'value')} like personal data: {kinds}. They stay, "
            "unless you write `pii: mask` or `pii: reject` (docs/own-data.md#personal-data)"
        )
    if preview.left_out:
        yield f"  warning: {preview.left_out}"
    too_short = sum(
        len(segment.text)
        for reject in preview.rejects
        for segment in reject.segments
        if reject.reason == _TOO_SHORT
    )
    percent = 100 * too_short // max(1, preview.chars)
    if percent * _WARN_FRACTION >= 100:
        advice = _advise_on_short(preview)
        yield f"  warning: {percent} % of the text stands in documents that are too short: {advice}"
    for split in ("train", "test"):
        if not splits[split]:
            yield from _explain_empty_split(preview, split, is_told=percent > 0)
    if preview.smaller is not None:
        keys = ", ".join(f"{key}: {value}" for key, value in preview.smaller.change.items())
        yield (
            f"  hint: `chunking: {{{keys}}}` gives {preview.smaller.num_instances} shorter instances, with "
            f"{count_noun(preview.smaller.num_questions, 'question')}, of the same text"
        )
    elif preview.sample.is_whole and 0 < len(preview.instances) < FEW_INSTANCES:
        yield "  hint: this text is enough for few instances: more files give more"


def _describe_misplaced(preview: Preview, misplaced: list[Reject]) -> str:
    """Return the warning for segments that are not the characters of their spans."""
    kept = {
        segment.id.partition(".")[0]  # parts of one segment count once
        for one in preview.instances
        for chunk in one.chunks
        for segment in chunk.segments
    }
    lost = {segment.id.partition(".")[0] for one in preview.rejects for segment in one.segments}
    count = sum(len(one.segments) for one in misplaced)
    first = describe_first(misplaced, NOT_AT_SPAN_REASON, preview.sample.folder)
    return (
        f"  warning: {count:,} of {count_noun(len(kept | lost), 'segment')} are not the characters of their "
        f"span, and were rejected; {first}. Mend `start`; a class that decodes its files needs read_file "
        "(docs/own-data.md)"
    )


def _advise_on_short(preview: Preview) -> str:
    chunking = preview.source.chunking
    minimum = f"chunking.min_chunks is {getattr(chunking, 'min_chunks', 1)}"
    if getattr(chunking, "join_documents", True):
        return f"{minimum}, and may be lower"
    return f"{minimum}. Write `join_documents: true` there to join them, or a lower min_chunks"


def _explain_empty_split(preview: Preview, split: str, is_told: bool) -> Iterator[str]:
    """Yield why a split has no instance: the rules or the checks leave it no question, or none was made."""
    dropped = [one for one in preview.rejects if one.kind == "instance" and one.split == split]
    if not dropped:
        if preview.num_documents == 1:
            yield (
                f"  warning: no {split} instance: all text is one document, and a document is not divided "
                "between train and test. More files help"
            )
        elif not is_told:
            yield (
                f"  warning: no {split} instance. More or smaller documents help; see "
                "split.test_fraction and split.max_document_fraction"
            )
        return
    counts = Counter(reject.reason for reject in dropped)
    described = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common(_MAX_REASONS))
    yield f"  warning: no {split} instance is left: {described}. {_explain_few_questions(preview, split)}"


def _explain_few_questions(preview: Preview, split: str) -> str:
    """Return why the instances of a split have too few questions: the rules, the checks, or the minimum."""
    of_split = [one for one in preview.rejects if one.kind == "question" and one.split == split]
    reasons = Counter(reject.reason for reject in of_split)
    passed = reasons.pop(_INSTANCE_DROPPED, 0)
    segments = count_noun(preview.num_segments[split], "segment")
    verb = "was" if len(of_split) == 1 else "were"
    made = f"Of its {segments}, {count_noun(len(of_split), 'question')} {verb} made"
    if not of_split and preview.left_out:
        return f"Its {segments} gave no question"
    if not of_split:
        return (
            f"Its {segments} gave no question: the rules find few facts here. More text helps, or a model "
            "that asks: questions.generated"
        )
    if passed:
        minimum = preview.source.checks.min_questions
        return f"{made}, and {passed} passed the checks: fewer than checks.min_questions, {minimum}"
    why = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common(_MAX_REASONS))
    return f"{made}, and the checks dropped all: {why}"


def _show_instance(instance: Instance) -> Iterator[str]:
    yield f"An instance of {instance.split}, {instance.id}; the first of its {len(instance.chunks)} chunks:"
    text = instance.chunks[0].text
    yield from (f"  | {line}" for line in text[:1200].splitlines())
    if len(text) > 1200:
        yield f"  | … {instance.chunks[0].tokens:,} tokens in all"
    for question in instance.questions[:2]:
        yield "A question:"
        yield from (f"  | {line}" for line in question.text.splitlines())
        yield f"  → {' | '.join(question.answers)[:200]}"
