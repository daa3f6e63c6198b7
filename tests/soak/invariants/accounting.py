"""Nothing is lost: texts, instances and questions are kept or rejected by name."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.soak.invariants.build import Build, Row, iter_segments
from tests.soak.passages import iter_passages, iter_questions

_Places = dict[tuple[str, str], set[int]]  # by file and JSON pointer: the characters that are accounted for


def find_lost_text(build: Build) -> Iterator[str]:
    """Yield passages of the raw files some of whose characters are in no chunk, example or reject."""
    for source in build.sources:
        covered, records = _find_covered(build, source)
        missing: dict[str, str] = {}
        found: set[str] = set()
        for text, file, pointer, first in iter_passages(build.project / "data" / "raw" / source, source):
            places = covered[file, pointer]
            left = [n for n, one in enumerate(text) if not one.isspace() and first + n not in places]
            if left and not any(_holds(record, file, pointer, first) for record in records):
                missing.setdefault(
                    text, f"{source}: {file}{pointer}@{first + left[0]}: {text[left[0] :][:60]!r}"
                )
            else:
                found.add(text)
        yield from (line for text, line in missing.items() if text not in found)


def _find_covered(build: Build, source: str) -> tuple[_Places, list[Row]]:
    """Return the characters of segments and examples, and the spans of rejected records."""
    folder = f"chunks/{source}"
    rejects = build.rows(folder, "rejects")
    segments = [
        *(segment for one in build.rows(folder, "instances") for _, segment in iter_segments(one)),
        *(segment for one in rejects for segment in one["segments"]),
        *build.rows(folder, "labelled_examples"),
    ]
    covered: _Places = defaultdict(set)
    for segment in segments:
        span = segment["source_span"]
        covered[span["file"], span["record"]].update(range(span["start"], span["end"]))
    return covered, [one["source_span"] for one in rejects if one["kind"] == "record" and one["source_span"]]


def _holds(record: Row, file: str, pointer: str, first: int) -> bool:
    """Return whether the span of a rejected record holds a passage."""
    if record["file"] != file:
        return False
    if pointer:
        return f"{pointer}/".startswith(f"{record['record']}/")
    return bool(record["start"] <= first < record["end"]) or record["end"] == 0


def find_lost_questions(build: Build) -> Iterator[str]:
    """Yield questions of the raw files that the chunk stage neither keeps nor rejects."""
    for source in build.sources:
        folder = f"chunks/{source}"
        rejects = build.rows(folder, "rejects")
        known = {one["question"]["text"] for one in rejects if one["question"]}
        known |= {one["question"]["text"] for one in build.rows(folder, "document_questions")}
        known |= {one["text"] for one in build.rows(folder, "questions")}
        has_left_out = any(one["kind"] == "record" and one["source_span"] for one in rejects)
        for text in dict.fromkeys(iter_questions(build.project / "data" / "raw" / source, source)):
            if text not in known and not has_left_out:
                yield f"{source}: the question {text!r} is neither kept nor rejected"


def find_lost_rows(build: Build) -> Iterator[str]:
    """Yield instances and questions that a stage neither kept nor rejected, or that it did both to."""
    assembled = build.rows("dataset", "rejects")
    for source in build.sources:
        chunked, filtered = (
            Counter(one["id"] for one in build.rows(f"{stage}/{source}", "instances"))
            for stage in ("chunks", "filtered")
        )
        rejects = build.rows(f"filtered/{source}", "rejects")
        dropped = Counter(one["id"] for one in rejects if one["kind"] == "instance")
        yield from _compare(f"{source}: instances of chunk", chunked, filtered + dropped)
        kept = Counter(one["id"] for one in build.dataset(source))
        limited = Counter(one["id"] for one in assembled if one["source"] == source)
        yield from _compare(f"{source}: instances of filter", filtered, kept + limited)
        yield from _compare_questions(build, source, rejects)


def _compare_questions(build: Build, source: str, filter_rejects: list[Row]) -> Iterator[str]:
    asked = Counter(row["question"]["id"] for row in build.rows(f"questions/{source}", "questions"))
    kept = Counter(
        question["id"]
        for one in build.rows(f"filtered/{source}", "instances")
        for question in one["questions"]
    )
    dropped = Counter(one["id"] for one in filter_rejects if one["kind"] == "question")
    yield from _compare(f"{source}: questions", asked, kept + dropped)
    if build.params.sources[source].questions.source:
        own = {row["question"]["id"] for row in build.rows(f"chunks/{source}", "document_questions")}
        known = {*asked, *(one["id"] for one in build.rows(f"questions/{source}", "rejects"))}
        if own - known:
            yield f"{source}: {len(own - known)} of its own questions are neither asked nor rejected"


def _compare(name: str, before: Counter[str], after: Counter[str]) -> Iterator[str]:
    if before != after:
        lost, new = before - after, after - before
        yield f"{name}: {lost.total()} lost, {new.total()} more than there were, such as {[*lost, *new][:2]}"
