"""Labelled examples: texts made unique, each with one label.

Texts that differ only in case, white space and punctuation are one example, the first. A text with
several labels is left out.
"""

from collections.abc import Iterable

from pipeline.documents import Parsed
from pipeline.ids import SegmentIds
from pipeline.schema import Reject, Segment, Span
from pipeline.sources.reading import rejected_record
from pipeline.text.normal import same_words


def unique_examples(
    pool: str, found: Iterable[tuple[str, str, str, Span]], source: str, rejects: list[Reject]
) -> Parsed:
    """The examples of a pool out of (text, label, stratum, raw) of every example found.

    The stratum is the finest label: the split divides by it, so that it must not depend on which label
    the source shows.
    """
    by_text: dict[str, list[tuple[str, str, str, Span]]] = {}
    for example in found:
        by_text.setdefault(same_words(example[0]), []).append(example)
    parsed = Parsed(rejects=rejects)
    ids = SegmentIds(source, pool)
    for same in by_text.values():
        strata = sorted({stratum for _, _, stratum, _ in same})
        text, label, stratum, raw = same[0]
        if len(strata) > 1:
            for _, _, _, each in same:
                rejects.append(
                    rejected_record(
                        source, "several labels", f"{text!r:.1000}: {', '.join(strata):.1000}", each
                    )
                )
            continue
        for _, _, _, repeated in same[1:]:
            rejects.append(rejected_record(source, "repeated example", f"{text!r:.1000}", repeated))
        parsed.examples.append(Segment(ids.next(text), raw, pool, stratum, None, None, label, text))
    return parsed
