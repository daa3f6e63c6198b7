"""MemoryAgentBench's contexts: nothing of them is lost, whatever their shape and budget."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.chunking import Context, chunk
from pipeline.chunking.books import sentences
from pipeline.params import ContextChunking
from pipeline.sources import parse
from pipeline.sources.reading import Rows, written_out
from tests.sources import parquets
from tests.sources.test_golden import RECIPES, SPLIT, raw_of

SETS = sorted(source for source in RECIPES if source.startswith("mab_"))
WORDS = st.text(st.sampled_from("ab é.!?\"'1:\n"), min_size=1, max_size=80)


def without_space(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("source", SETS)
def test_the_context_is_recovered(source: str, context: Context) -> None:
    """Bar: from the chunks, up to white space; of sessions every turn."""
    raw = raw_of(source)
    parsed = parse(source, raw)
    own = Context(source, context.seed, SPLIT, context.tokenizer_name, context.assets)
    made = chunk(parsed, RECIPES[source], own)
    assert made.instances
    for instance in made.instances:
        segments = [
            (one, part.text[one.start : one.end]) for part in instance.chunks for one in part.segments
        ]
        span = segments[0][0].raw
        value = Rows(raw / span.file)[int(span.record.split("/")[1])]["context"]
        if source == "mab_longmemeval":
            turns = [turn["content"] for one in written_out(value)[1::2] for turn in one]
            whole = "".join(turns)
        else:
            whole = value if isinstance(value, str) else "".join(value)
        assert without_space("".join(text for _, text in segments)) == without_space(whole)


def test_any_context_of_any_budget(tmp_path: Path, context: Context) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(WORDS, min_size=1, max_size=30), st.integers(128, 400), st.booleans())
    def recovered(texts: list[str], budget: int, listed: bool) -> None:
        joined = "\n\n".join(f"{text}\nlabel: {number}" for number, text in enumerate(texts))
        row = {
            "context": [joined] if listed else joined,
            "questions": ["Which?"],
            "answers": [["1"]],
            "metadata": {"source": "icl_nlu_8296shot_balance"},
        }
        path = tmp_path / "Test_Time_Learning.parquet"
        pq.write_table(pa.Table.from_pylist([row], schema=parquets.schema_of(path, [row])), path)
        own = Context("mab_nlu", context.seed, SPLIT, context.tokenizer_name, context.assets)
        recipe = ContextChunking(recipe="contexts", max_tokens=budget, shown_as="examples")
        made = chunk(parse("mab_nlu", tmp_path), recipe, own)
        (instance,) = made.instances
        assert [row.instance for row in made.asked] == [instance.id]
        assert all(part.tokens <= budget for part in instance.chunks)
        shown = (part.text[one.start : one.end] for part in instance.chunks for one in part.segments)
        assert without_space("".join(shown)) == without_space(joined)

    recovered()


def test_sentences_of_a_novel_are_all_there(context: Context) -> None:
    (book,) = parse("mab_infbench_sum", raw_of("mab_infbench_sum")).books
    found = [
        book.text[start:end] for chapter in sentences(book, context.splitter) for _, start, end, _ in chapter
    ]
    assert without_space("".join(found)) == without_space(book.text)
