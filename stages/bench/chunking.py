"""chunk: books in memory to chunks in memory against a plain chunker; then with ids and lineage as well.

The plain chunker splits everything with NLTK's punkt and counts each sentence with the same tokenizer. Both
split at the same chapters, and the sentences are the same, which is looked at before anything is timed.
"""

from collections.abc import Iterable
from functools import partial

from nltk.tokenize.punkt import PunktSentenceTokenizer

from pipeline.chunking import Context
from pipeline.chunking.books import BookPacker, chunk_book, sentences
from pipeline.documents import Book
from pipeline.errors import MemcurateError
from pipeline.params import BookChunking, Params
from pipeline.sources import parse
from pipeline.text.sentences import SentenceSplitter, load_punkt
from pipeline.text.tokens import Tokenizer
from stages.bench.project import source_of
from stages.bench.timing import Result, alternate, faster, timed
from stages.running import ASSETS, RAW


def bench(params: Params, repeat: int) -> list[Result]:
    """Measure both on the first books source.

    Raises MemcurateError when the books or assets are missing, or a sentence boundary differs.
    """
    source = source_of(params, "books")
    if source is None:
        raise MemcurateError("no source in `use` has chunking.recipe: books")
    recipe = params.sources[source].chunking
    assert isinstance(recipe, BookChunking)
    books = parse(source, RAW / source).books
    context = Context(source, params.seed, params.split, params.tokenizer, ASSETS)
    punkt = PunktSentenceTokenizer(load_punkt(ASSETS / "nltk"))
    _same_sentences(books, context.splitter, punkt)

    def chunks(book: Book) -> None:
        BookPacker(book, recipe, context.tokenizer, context.splitter, params.seed, source).pack()

    def instances(book: Book) -> None:
        chunk_book(book, recipe, context)

    def plain(book: Book) -> None:
        plain_chunks(book, punkt, context.tokenizer, recipe.max_tokens)

    # Book by book: what else the machine does slows all three alike.
    by_book = [
        alternate([timed(partial(one, book)) for one in (chunks, instances, plain)], repeat, book.name)
        for book in books
    ]
    *mine, others = ([sum(times) for times in zip(*runs, strict=True)] for runs in zip(*by_book, strict=True))
    names = ("books to chunks", "books to instances, with ids and lineage")
    return [
        faster(name, "punkt on all, each sentence counted", seconds, others)
        for name, seconds in zip(names, mine, strict=True)
    ]


def plain_chunks(
    book: Book, punkt: PunktSentenceTokenizer, tokenizer: Tokenizer, max_tokens: int
) -> list[str]:
    """The baseline: sentences of the whole book by punkt, counted one by one, packed by the sums."""
    chunks: list[str] = []
    taken: list[str] = []
    held = 0
    for start, end, _ in book.chapters:
        for first, last in punkt.span_tokenize(book.text[start:end]):
            sentence = book.text[start + first : start + last]
            count = tokenizer.count(sentence)
            if taken and held + count > max_tokens:
                chunks.append(" ".join(taken))
                taken, held = [], 0
            taken.append(sentence)
            held += count
    chunks.append(" ".join(taken))
    return chunks


def _same_sentences(books: Iterable[Book], splitter: SentenceSplitter, punkt: PunktSentenceTokenizer) -> None:
    for book in books:
        mine = [[(start, end) for _, start, end, _ in chapter] for chapter in sentences(book, splitter)]
        theirs = [
            [(start + first, start + last) for first, last in punkt.span_tokenize(book.text[start:end])]
            for start, end, _ in book.chapters
        ]
        if mine != theirs:
            raise MemcurateError(
                f"{book.name}: the splitter's sentences differ from punkt's: a mistake of ours"
            )
