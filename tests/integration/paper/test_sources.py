"""What must hold of the paper's sources on real corpora."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.sources.io import read_text
from pipeline.text.tokens import Tokenizer
from tests.integration.paper.conftest import MIRRORED, PAPER, STARTER, Built

LABELLED = ("trec_coarse", *MIRRORED)


@pytest.mark.parametrize("name", [*STARTER, *MIRRORED])
def test_chunks_hold_their_budget(name: str, build: Callable[[str], Built], assets: Path) -> None:
    built = build(name)
    tokenizer = Tokenizer(PAPER.tokenizer, assets)
    assert {one.split for one in built.instances} == {"train", "test"}
    for instance in built.instances:
        assert instance.questions
        for chunk in instance.chunks:
            assert chunk.tokens == tokenizer.count(chunk.text) <= built.source.chunking.max_tokens


@pytest.mark.parametrize("name", LABELLED)
def test_labels_are_numbers_with_one_meaning(name: str, build: Callable[[str], Built]) -> None:
    """Bar: the mapping is in the metadata, the same everywhere; without its examples a chunk is template and
    numbers.
    """
    built = build(name)
    (labels,) = {tuple((one.number, one.name) for one in instance.labels) for instance in built.instances}
    number = {name: number for number, name in labels}
    assert sorted(number.values()) == list(range(len(number)))
    rests: Counter[str] = Counter()
    for instance in built.instances:
        for chunk in instance.chunks:
            rest = chunk.text
            for segment in reversed(chunk.segments):
                label = f"\nLabel: {number[segment.label or '']}\n"
                assert chunk.text[segment.end :].startswith(label)
                rest = rest[: segment.start] + rest[segment.end :]
            rests[re.sub(r"\d+", "0", re.sub(r"(Sample: \nLabel: \d+\n)+", "", rest))] += 1
    (template,) = rests
    assert not any(name in template for name in number if len(name) > 2)


def test_no_sentence_of_pubmed_serves_twice(build: Callable[[str], Built]) -> None:
    """Paper: neither shown nor asked for in a second instance."""
    served: Counter[str] = Counter()
    for instance in build("pubmed_rct").instances:
        served.update(segment.id for chunk in instance.chunks for segment in chunk.segments)
        served.update(question.text for question in instance.questions)
        shown = {chunk.text[one.start : one.end] for chunk in instance.chunks for one in chunk.segments}
        assert not any(question.text.partition("Sample: ")[2] in shown for question in instance.questions)
    assert set(served.values()) == {1}


def test_pubmeds_targets_vary(build: Callable[[str], Built]) -> None:
    """Paper: a chunk's target is drawn from 1,024 to 2,048 tokens."""
    sizes = [chunk.tokens for one in build("pubmed_rct").instances for chunk in one.chunks]
    assert min(sizes) < 1150 and max(sizes) > 1950
    assert 1450 < sum(sizes) / len(sizes) < 1600


@pytest.mark.parametrize(("name", "labels"), [("nlu", 64), ("clinc150", 150), ("pubmed_rct", 5)])
def test_every_line_of_the_mirror_is_accounted_for(
    name: str, labels: int, build: Callable[[str], Built]
) -> None:
    """Bar: real data; what is no example is a reject by name."""
    built = build(name)
    examples = built.parsed.labelled_examples
    assert len({one.label for one in examples}) == labels
    reasons = Counter(one.reason for one in built.parsed.rejects)
    given = len(examples) + reasons.total()
    if name == "clinc150":
        assert given == 15_000 + 3_000 + 4_500 + 100 + 100 + 1_000
        assert reasons["out of scope"] == 1_200
    else:
        pattern = "**/seq.in" if name == "nlu" else "*.txt"
        lines = [line for path in built.raw.glob(pattern) for line in read_text(path).split("\n")]
        assert given == sum(bool(line.strip()) for line in lines)
    assert reasons.keys() <= {"repeated example", "several labels", "out of scope"}
