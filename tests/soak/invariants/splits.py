"""Train shares nothing with test and the evaluation sets."""

from collections.abc import Iterator
from string import punctuation

from tests.soak.invariants.build import Build, Row, iter_segments, segment_text

_MARKS = punctuation + "–—„“”‘’…"


def find_shared_documents(build: Build) -> Iterator[str]:
    """Yield documents and segments of a source on both sides of the split, and segments of two instances."""
    for source in build.sources:
        sides: dict[str, tuple[set[str], set[str]]] = {"train": (set(), set()), "test": (set(), set())}
        uses: dict[str, str] = {}
        has_examples = build.params.sources[source].chunking.strategy == "examples"
        for instance in build.rows(f"chunks/{source}", "instances"):
            documents, ids = sides[instance["split"]]
            for _, segment in iter_segments(instance):
                documents.add(segment["document"])
                ids.add(segment["id"])
                other = uses.setdefault(segment["id"], instance["id"])
                if other != instance["id"] and not has_examples:
                    yield f"{source}: segment {segment['id']} is in instances {other} and {instance['id']}"
        for noun, one, other in zip(("document", "segment"), sides["train"], sides["test"], strict=True):
            yield from (f"{source}: {noun} {name} is in train and in test" for name in sorted(one & other))


def find_leaks(build: Build) -> Iterator[str]:
    """Yield train instances that share a run of `decontamination_ngram` words with another split.

    Words are separated by white space here: two of them are never one of the product's, so that each run
    found is one of the product's, too.
    """
    size = build.params.dataset.decontamination_ngram
    held = {
        run
        for split in build.splits[1:]
        for instance in build.rows("dataset", split)
        for run in _iter_runs(instance, size)
    }
    for instance in build.rows("dataset", "train"):
        shared = next((run for run in _iter_runs(instance, size) if run in held), None)
        if shared:
            yield f"train instance {instance['id']} shares with another split: {' '.join(shared)}"


def _iter_runs(instance: Row, size: int) -> Iterator[tuple[str, ...]]:
    """Yield the runs of words of each chunk's segments, and of the source's own questions."""
    texts = [
        " ".join(segment_text(chunk, segment) for segment in chunk["segments"])
        for chunk in instance["chunks"]
    ]
    texts += [one["text"] for one in instance["questions"] if one["origin"] == "source"]
    for text in texts:
        words = [word for one in text.casefold().split() if (word := one.strip(_MARKS))]
        yield from (tuple(words[start : start + size]) for start in range(len(words) - size + 1))
