"""chunk: books in memory to chunks in memory, without and with ids and lineage, against a plain chunker.

The plain chunker splits all text with NLTK's punkt and counts each sentence with the same tokenizer. Both
split at the same chapters into the same sentences, which is checked before the first run.
"""

from collections.abc import Iterable
from functools import partial

from nltk.tokenize.punkt import PunktSentenceTokenizer

from pipeline.chunking import ChunkingContext
from pipeline.chunking.books import BookPacker, chunk_book, split_sentences
from pipeline.core.errors import MemcurateError
from pipeline.core.params import BookChunking, Params
from pipeline.sources import make_reader
from pipeline.sources.parsed import Book
from pipeline.text.sentences import SentenceSplitter, load_punkt
from pipeline.text.tokens import Tokenizer
from stages.cli.bench.project import find_source
from stages.cli.bench.timing import BenchmarkResult, make_timer, measure_speedup, run_alternating
from stages.shared.paths import ASSETS_DIR, RAW_DIR


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Measure chunks and whole instances on the first source of books.

    Raises MemcurateError when the books or assets are missing, or a sentence boundary differs.
    """
    source = find_source(params, "books")
    if source is None:
        raise MemcurateError("no source in `enabled_sources` has chunking.strategy: books")
    chunking = params.sources[source].chunking
    assert isinstance(chunking, BookChunking)
    books = make_reader(source, params.sources[source]).parse(RAW_DIR / source).books
    context = ChunkingContext(source, params.seed, params.split, params.tokenizer, ASSETS_DIR)
    punkt = PunktSentenceTokenizer(load_punkt(ASSETS_DIR / "nltk"))
    _assert_same_sentences(books, context.splitter, punkt)

    def make_chunks(book: Book) -> None:
        BookPacker(book, chunking, context.tokenizer, context.splitter, params.seed, source).pack()

    def make_instances(book: Book) -> None:
        chunk_book(book, chunking, context)

    def make_baseline(book: Book) -> None:
        baseline_chunks(book, punkt, context.tokenizer, chunking.max_tokens)

    # Book by book, so that other load of the machine slows all three alike.
    functions = (make_chunks, make_instances, make_baseline)
    by_book = [
        run_alternating([make_timer(partial(function, book)) for function in functions], repeat, book.name)
        for book in books
    ]
    *ours, baseline = (
        [sum(times) for times in zip(*runs, strict=True)] for runs in zip(*by_book, strict=True)
    )
    names = ("books to chunks", "books to instances, with ids and lineage")
    return [
        measure_speedup(name, "punkt on all, each sentence counted", seconds, baseline)
        for name, seconds in zip(names, ours, strict=True)
    ]


def baseline_chunks(
    book: Book, punkt: PunktSentenceTokenizer, tokenizer: Tokenizer, max_tokens: int
) -> list[str]:
    """Split a whole book into sentences by punkt, count each, and pack them by the sums of their tokens."""
    chunks: list[str] = []
    packed: list[str] = []
    packed_tokens = 0
    for start, end, _ in book.chapters:
        for first, last in punkt.span_tokenize(book.text[start:end]):
            sentence = book.text[start + first : start + last]
            count = tokenizer.count(sentence)
            if packed and packed_tokens + count > max_tokens:
                chunks.append(" ".join(packed))
                packed, packed_tokens = [], 0
            packed.append(sentence)
            packed_tokens += count
    chunks.append(" ".join(packed))
    return chunks


def _assert_same_sentences(
    books: Iterable[Book], splitter: SentenceSplitter, punkt: PunktSentenceTokenizer
) -> None:
    for book in books:
        ours = [[(start, end) for _, start, end, _ in chapter] for chapter in split_sentences(book, splitter)]
        theirs = [
            [(start + first, start + last) for first, last in punkt.span_tokenize(book.text[start:end])]
            for start, end, _ in book.chapters
        ]
        if ours != theirs:
            raise MemcurateError(
                f"{book.name}: the splitter's sentences differ from punkt's: report this as a bug"
            )
