"""Read raw files as the chunk stage does."""

from functools import cache
from pathlib import Path

from pipeline.core.params import load_params
from pipeline.core.params.formats import FormatParams, get_default_blocks
from pipeline.core.params.source import Source
from pipeline.core.schema import Question, Reject
from pipeline.sources import SourceReader
from pipeline.sources.parsed import Book, Document, ParsedSource

_ROOT = Path(__file__).parents[3]


@cache
def load_formats() -> dict[str, FormatParams]:
    """The formats of the starter's and the paper's sources, as their params name them, and of two others."""
    files = (_ROOT / "params.paper.yaml", _ROOT / "params.yaml")
    formats = {name: source.format for file in files for name, source in load_params(file).sources.items()}
    parts = ["train", "val", "test"]
    out_of_scope = "its intent is none of the 150"
    chunking = get_default_blocks("corrected_squad")["chunking"]
    return {
        **formats,
        "clinc150": make_format("label_pairs", parts=parts, out_of_scope=out_of_scope),
        "squad_corrected": make_format("corrected_squad", corrections={}, chunking=chunking),
    }


def make_source_reader(source: str) -> SourceReader:
    """The reader of a source of the starter set or of the paper, or of CLINC150 or of corrections."""
    return SourceReader(source, load_formats()[source])


def parse(source: str, raw_dir: Path) -> ParsedSource:
    """Parse the raw files of such a source."""
    return make_source_reader(source).parse(raw_dir)


def make_format(name: str, **columns: object) -> FormatParams:
    """A format with columns, as params.yaml names them."""
    blocks = get_default_blocks("text")  # for a format that has none of its own
    source = Source.model_validate({**blocks, "format": name, "files": ["file:any"], **columns})
    return source.format


def read_documents(
    raw_dir: Path, format: FormatParams, shard_bytes: int = 1 << 30
) -> tuple[list[Book | Document], list[Reject]]:
    """The documents of raw files, shard by shard, and the rejects."""
    reader = SourceReader("made", format)
    rejects: list[Reject] = []
    shards = reader.plan(raw_dir, shard_bytes)
    return [one for shard in shards for one in reader.iter_documents(shard, rejects)], rejects


def all_questions(parsed: ParsedSource) -> list[Question]:
    """Return the questions of a source, those about a whole document too."""
    return [*parsed.questions, *(one for document in parsed.documents for one in document.questions)]


def texts_of(parsed: ParsedSource, question: Question) -> list[str]:
    """Return the texts of a question's evidence."""
    by_id = {one.id: one.text for document in parsed.documents for one in document.segments}
    return [by_id[identity] for identity in question.evidence]


def reasons(rejects: list[Reject]) -> list[tuple[str, str]]:
    """Return the reason of each reject, and the place of its record."""
    return [(one.reason, one.source_span.record if one.source_span else "") for one in rejects]
