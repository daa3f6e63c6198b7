"""The doors: where text or bytes of strangers enter, with seeds and the code that an input runs through."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from zlib import crc32

from pipeline.checks.human_review import append_reviews, read_reviews
from pipeline.chunking import ChunkingContext
from pipeline.core.errors import MemcurateError
from pipeline.core.json_reader import InvalidJsonError, load_json
from pipeline.core.params import Corrections, Source, load_params
from pipeline.core.schema import Instance, Reject
from pipeline.core.storage import read_row, read_rows, write_rows
from pipeline.core.unicode import to_well_formed
from pipeline.fetching.locators import parse_locator
from pipeline.fetching.unpack import unpack
from pipeline.lineage.locations import parse_location
from pipeline.llm.batches import describe_end, describe_state, hand_out, load_object
from pipeline.llm.cache_export import export_responses, import_responses
from pipeline.llm.chat_completions import InvalidCompletionError, parse_completion
from pipeline.llm.requests import Request
from pipeline.llm.response_cache import ResponseCache
from pipeline.llm.server_errors import parse_error
from pipeline.llm.structured_output import InvalidReplyError, parse_reply
from pipeline.llm.transport import HttpResponse
from pipeline.matching.match import matches_answer
from pipeline.parity.build_source import build_source
from pipeline.publish.mem_alpha import import_instances
from pipeline.report.preview import Sample, make_preview
from pipeline.report.preview_text import format_preview
from pipeline.sources import make_reader
from pipeline.sources.detection import detect_format
from pipeline.sources.io import find_raw_file, read_data_file, read_span, validate_records
from pipeline.text.content_words import content_words
from pipeline.text.normalize import comparison_key, normalize_text, words
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.shingles import unigram_bigram_hashes
from pipeline.world.files import write_corrections
from tests.conftest import ROOT
from tests.fuzz import seeds
from tests.fuzz.door import Door
from tests.fuzz.files import mutated_archive, mutated_parquet, mutated_yaml
from tests.pipeline.sources.factories import CHUNKING, SPLIT, golden_raw_dir, make_source_config
from tests.pipeline.sources.reading import load_formats, parse
from training.evaluation.answer_metrics import score_answer
from training.evaluation.answering.extractive import extract_samples
from training.evaluation.answering.model import strip_thinking
from training.evaluation.judge_operations import parse_verdicts
from training.evaluation.retrieval import MemoryRetriever, Passage
from training.memory.memory import Memory
from training.memory.prompts import build_step_prompt
from training.memory.schema import Step
from training.policies import Observation
from training.policies.run_episodes import apply_reply
from training.policies.scripted import ScriptedPolicy

# With the columns of seeds.own_files.
_OWN_FORMATS: list[dict[str, object]] = [
    *({"format": name} for name in ("messages", "text", "labels", "qa", "timeline", "squad", "chapters")),
    {"format": "locomo"},
    {"format": "messenger"},
    {"format": "messenger", "day_first": True},
    {"format": "text", "headings": "books"},
    {"format": "label_lines", "separator": ","},
    {"format": "label_lists", "texts": ["texts"], "labels": ["labels"], "label_names": "names"},
    {"format": "label_pairs", "parts": ["pairs"]},
]
_BUILD_EVERY = 20  # inputs of a source, of which one goes on to its instances


def doors(assets: Path) -> list[Door]:
    """All doors. `assets`: like data/assets."""
    context = ChunkingContext("made", 7, SPLIT, "o200k_base", assets)
    return [
        *_sources(context),
        Door("corrections", seeds.articles, _corrections),
        Door("json", seeds.json_texts, _json, (InvalidJsonError,)),
        Door("table", seeds.tables, _table),
        Door("own files", seeds.own_files, partial(_own_files, context), share=4),
        Door("params", seeds.params, _params, mutate=mutated_yaml, share=2),
        Door("archive", seeds.archives, _archive, mutate=mutated_archive),
        Door("dataset", seeds.datasets, _dataset, mutate=mutated_parquet),
        Door("import", seeds.published, partial(_import, context), mutate=mutated_parquet, share=2),
        Door("reviews", seeds.reviews, _reviews),
        Door("answer cache", seeds.answer_files, _answers, mutate=mutated_parquet),
        Door("completion", seeds.completions, _completion, (InvalidCompletionError,), share=4),
        Door("batch", seeds.batch_lines, _batch),
        Door("reply", seeds.replies, _reply, (InvalidReplyError,), share=4),
        Door("calls", seeds.calls, partial(_calls, context), share=6),
        Door("verdicts", seeds.verdicts, _verdicts, share=2),
        Door("matcher", seeds.matches, _matcher, share=4),
        Door("text", seeds.texts, partial(_text, context), share=3),
        Door("chunk", seeds.chunks, partial(_chunk, context), share=3),
        Door("place", seeds.places, _place),
    ]


def _text_of(data: bytes) -> str:
    """Any string, lone surrogates included, as the JSON of a server can bring it."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _decoded(data: bytes) -> str:
    """Any string that came through the gate."""
    return to_well_formed(_text_of(data))


def _sources(context: ChunkingContext) -> Iterator[Door]:
    """A door for each raw file of each source; the source's other files stay as they are.

    Sources of one format share its time.
    """
    formats = {source: type(load_formats()[source]) for source in CHUNKING}
    alike = Counter(formats.values())
    for source in sorted(CHUNKING):
        files = sorted(path for path in golden_raw_dir(source).rglob("*") if path.is_file())
        for path in files:
            name = str(path.relative_to(golden_raw_dir(source)))
            mutate = {"mutate": mutated_parquet} if path.suffix == ".parquet" else {}
            yield Door(
                f"{source}/{name}",
                cache(partial(_bytes, path)),
                partial(_source, source, name, context),
                share=2 / len(files) / alike[formats[source]],
                **mutate,  # type: ignore[arg-type]  # the one keyword
            )


def _bytes(path: Path) -> list[bytes]:
    return [path.read_bytes()]


def _source(source: str, name: str, context: ChunkingContext, data: bytes, scratch: Path) -> None:
    """Parse a source, write what came of it, and of some make instances and questions."""
    raw = scratch / source
    shutil.copytree(golden_raw_dir(source), raw)
    (raw / name).write_bytes(data)
    parsed_source = parse(source, raw)
    write_rows(scratch / "rejects.parquet", Reject, parsed_source.rejects)
    for example in parsed_source.labelled_examples[:3]:
        assert read_span(raw, example.source_span) == example.text
    if crc32(data) % _BUILD_EVERY == 0:
        own = replace(context, source=source, split=SPLIT)
        instances, rejects = build_source(parsed_source, make_source_config(source), own)
        write_rows(scratch / "instances.parquet", Instance, instances)
        write_rows(scratch / "rejects.parquet", Reject, rejects)


def _corrections(data: bytes, scratch: Path) -> None:
    """Write the corrections of a SQuAD file."""
    (scratch / "squad.json").write_bytes(data)
    write_corrections(Corrections(test=50, min_distance=1, max_distance=3), scratch)


def _json(data: bytes, scratch: Path) -> None:
    load_json(data)
    load_json(_text_of(data))


def _own_files(context: ChunkingContext, data: bytes, scratch: Path) -> None:
    """Detect the format of a file under each suffix, read it in all formats, and of some make instances."""
    suffix = (".jsonl", ".json", ".csv", ".tsv", ".md", ".txt")[crc32(data) % 6]
    (scratch / "raw").mkdir()
    path = scratch / "raw" / f"2024-01-02{suffix}"  # as Slack names a day
    path.write_bytes(data)
    with suppress(MemcurateError):
        detect_format([path])
    for columns in _OWN_FORMATS:
        source = Source.model_validate({"files": ["file:own"], **columns})
        with suppress(MemcurateError):
            parsed = make_reader("made", source).parse(path.parent)
            write_rows(scratch / "rejects.parquet", Reject, parsed.rejects)
            segments = [one for document in parsed.documents for one in document.segments]
            for segment in [*segments, *parsed.labelled_examples][:5]:
                assert read_span(path.parent, segment.source_span) == segment.text
            if crc32(data) % _BUILD_EVERY == 0:
                sample = Sample(path.parent, 1, len(data), len(data))
                params = load_params(ROOT / "params.yaml")
                own = params.model_copy(update={"sources": {"made": source}})
                preview = make_preview("made", own, sample, context.assets)
                write_rows(scratch / "instances.parquet", Instance, preview.instances)
                list(format_preview("made", preview))


def _table(data: bytes, scratch: Path) -> None:
    from pydantic import BaseModel

    class Row(BaseModel):
        text: str | None = None
        label: str | None = None

    for name in ("rows.csv", "rows.tsv", "rows.jsonl", "rows.json"):
        (scratch / name).write_bytes(data)
        rejects: list[Reject] = []
        list(validate_records(Row, read_data_file(find_raw_file(scratch, name)), name, "made", rejects))
        write_rows(scratch / "rejects.parquet", Reject, rejects)


def _params(data: bytes, scratch: Path) -> None:
    path = scratch / "params.yaml"
    path.write_bytes(data)
    load_params(path)


def _archive(data: bytes, scratch: Path) -> None:
    path = scratch / "artifact"
    path.write_bytes(data)
    unpack(path, "**", scratch / "out", "made")


def _dataset(data: bytes, scratch: Path) -> None:
    path = scratch / "train.parquet"
    path.write_bytes(data)
    rows = list(read_rows(path, Instance))
    if rows:
        read_row(path, Instance, rows[-1].id)


def _import(context: ChunkingContext, data: bytes, scratch: Path) -> None:
    path = scratch / "train.parquet"
    path.write_bytes(data)
    rejects: list[Reject] = []
    write_rows(
        scratch / "out.parquet", Instance, import_instances(path, "train", context.tokenizer.count, rejects)
    )
    write_rows(scratch / "rejects.parquet", Reject, rejects)


def _reviews(data: bytes, scratch: Path) -> None:
    path = scratch / "made.csv"
    path.write_bytes(data)
    rows = read_reviews(path)
    added = [{**row, "id": f"{row['id']}+"} for row in rows[:2]]
    append_reviews(path, added)
    assert read_reviews(path)[: len(rows)] == rows


def _answers(data: bytes, scratch: Path) -> None:
    path = scratch / "answers.parquet"
    path.write_bytes(data)
    kept = ResponseCache(scratch / "answers.sqlite")
    try:
        import_responses(path, kept)
        export_responses(kept, [one.key for one in kept], scratch / "out.parquet")
    finally:
        kept.close()


def _completion(data: bytes, scratch: Path) -> None:
    request = Request("model", "1", [{"role": "user", "content": _text_of(data[:200])}], 0.0, 16)
    for status in (200, 400, 429):
        parse_error(
            HttpResponse(
                status, {"retry-after": [_text_of(data[:20])], "date": [_text_of(data[20:40])]}, data
            )
        )
    given = parse_completion(request, data, 0.1).response
    kept = ResponseCache(scratch / "answers.sqlite")
    try:
        kept.put(given)
        export_responses(kept, [request.key], scratch / "out.parquet")
    finally:
        kept.close()


def _batch(data: bytes, scratch: Path) -> None:
    """A line of a batch's results, and a batch's state."""
    future = asyncio.Future[HttpResponse](loop=_loop())
    hand_out(data, {"a": future})
    if future.done() and not future.exception():
        parse_error(future.result())
    state = load_object(HttpResponse(200, {}, data))
    describe_state(state)
    describe_end(state)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def _reply(data: bytes, scratch: Path) -> None:
    parse_reply(_text_of(data), seeds.Reply, is_truncated=len(data) % 2 == 0)


def _calls(context: ChunkingContext, data: bytes, scratch: Path) -> None:
    """A reply's calls into a memory, that into a prompt, a table and what is recalled."""
    count = context.tokenizer.count
    memory = Memory(count, 64)
    reply = _text_of(data)
    calls = apply_reply(reply, memory, "Title: Rome\nRome is old.")
    write_rows(
        scratch / "steps.parquet",
        Step,
        [Step("Rome is old.", 4, to_well_formed(reply), calls, memory.tokens)],
    )
    for message in build_step_prompt(memory, "Rome is old.", 20, 500, describe_tools=True):
        count(message["content"])
    MemoryRetriever(memory, 5).retrieve("How old is Rome?")


def _verdicts(data: bytes, scratch: Path) -> None:
    text = _text_of(data)
    assert len(parse_verdicts(text, 3)) == 3
    score_answer("contains", ["Rome"], strip_thinking(text))
    score_answer("exact", ["3"], text)
    extract_samples(Passage("s1", text))


def _matcher(data: bytes, scratch: Path) -> None:
    text = _decoded(data)
    question, _, reply = text.partition("\n")
    matches_answer(reply, [question[:200] or "Rome", "Rome, Italy", "42"])


@cache
def _splitter(assets: Path) -> SentenceSplitter:
    return SentenceSplitter(assets / "nltk")


def _text(context: ChunkingContext, data: bytes, scratch: Path) -> None:
    text = _decoded(data)
    context.tokenizer.count(text)
    list(_splitter(context.assets).spans(text))
    for function in (words, normalize_text, comparison_key, content_words, unigram_bigram_hashes):
        function(text)


@cache
def _writer(assets: Path) -> ScriptedPolicy:
    return ScriptedPolicy(assets)


def _chunk(context: ChunkingContext, data: bytes, scratch: Path) -> None:
    """A chunk through the scripted writer: whatever it writes is read."""
    chunk = _decoded(data)
    memory = Memory(context.tokenizer.count, 512)
    (reply,) = _writer(context.assets).act([Observation(memory, chunk)])
    made = apply_reply(reply, memory, chunk)
    assert len(made) == min(256, reply.count('{"name": "')) or "tool_call" in chunk or '{"name": "' in chunk


def _place(data: bytes, scratch: Path) -> None:
    text = _decoded(data)
    for read in (parse_location, parse_locator):
        _refused(read, text)


def _refused(read: Callable[[str], object], text: str) -> None:
    from pipeline.core.errors import MemcurateError

    try:
        read(text)
    except MemcurateError:
        return


def all_assets(folder: Path) -> Path:
    """Return a folder like data/assets: the project's own where it is built, else one that is fetched."""
    built = ROOT / "data" / "assets"
    if built.is_dir():
        return built
    from pipeline.fetching import default_cache, fetch

    folder.mkdir(parents=True, exist_ok=True)
    fetch(load_params(ROOT / "params.yaml").assets.files, folder, mirror=None, cache=default_cache())
    return folder
