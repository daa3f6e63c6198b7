"""Deduplicate labelled examples, so that each text has one label.

Of texts that differ only in case, white space and punctuation the first is kept. A text with several labels
is left out.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pipeline.core.ids import SegmentIds
from pipeline.core.schema import Reject, Segment, Span
from pipeline.sources.io import make_record_reject
from pipeline.sources.parsed import ParsedSource
from pipeline.sources.shards import RawShard, iter_files
from pipeline.text.normalize import comparison_key

Example = tuple[str, str, str, Span]  # text, label, stratum, source span


def parse_files(
    shards: Sequence[RawShard],
    source: str,
    iter_examples: Callable[[Path, str, str, list[Reject]], Iterable[Example]],
) -> ParsedSource:
    """Return the distinct examples of all files: `iter_examples` reads (path, file, source, rejects)."""
    rejects: list[Reject] = []
    examples = [
        one for path, file in iter_files(shards) for one in iter_examples(path, file, source, rejects)
    ]
    return deduplicate_examples(source, examples, source, rejects)


def deduplicate_examples(
    pool: str, examples: Iterable[Example], source: str, rejects: list[Reject]
) -> ParsedSource:
    """Return the distinct examples among (text, label, stratum, source span) of all raw examples.

    `pool` is the name of their document. The stratum is the finest label: the split is stratified by it, so
    it must not depend on the label that the source shows. The others are appended to `rejects`.
    """
    by_text: dict[str, list[Example]] = {}
    for example in examples:
        by_text.setdefault(comparison_key(example[0]), []).append(example)
    parsed = ParsedSource(rejects=rejects)
    ids = SegmentIds(source, pool)
    for same in by_text.values():
        strata = sorted({stratum for _, _, stratum, _ in same})
        text, label, stratum, span = same[0]
        if len(strata) > 1:
            for _, _, _, each_span in same:
                rejects.append(
                    make_record_reject(
                        source, "several labels", f"{text!r:.1000}: {', '.join(strata):.1000}", each_span
                    )
                )
            continue
        for _, _, _, repeated_span in same[1:]:
            rejects.append(make_record_reject(source, "repeated example", f"{text!r:.1000}", repeated_span))
        parsed.labelled_examples.append(Segment(ids.next(text), span, pool, stratum, None, None, label, text))
    return parsed
