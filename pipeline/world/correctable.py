"""Find the answers of an article that can be corrected: each stands once, in a sentence that says what it is.

The rules are strict, so that a question has one right answer before its correction and one after it. The
answer stands once in the whole article and in none of its questions; every question that it answers has no
other answer; and the sentence can be read by itself.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.world.answer_kinds import find_kind, get_given_names, get_number, is_name, is_number
from pipeline.world.squad_articles import SquadArticle, SquadParagraph, SquadQuestion

_MIN_SENTENCE = 40  # characters
_MAX_SENTENCE = 320
_MIN_OVERLAP = 0.5  # of the question's words with the sentence and the title

# Of a letter or digit, not an initial or a short abbreviation, which end no sentence.
_SENTENCE_END = re.compile(r"(?:[a-zß-ÿ0-9]{3}|[a-z0-9][)\]%”\"’])[.!?][”\")\]’]? +(?=[A-Z0-9“\"(])")
_CAPITALIZED = re.compile(r"(?<=[a-z,] )[A-Z]\w{2,30}")  # not the first word
_WORD = re.compile(r"[^\W_]+")
_REFERS_BACK = re.compile(
    r"(?:He|She|It|They|We|This|That|These|Those|His|Her|Its|Their|Such|Both|Another|Others?|One|Some|Also"
    r"|However|Instead|Thus|Therefore|Then|Here|There|But|And|Or|So|Yet|Later|Afterwards?|Subsequently|Meanwhile"
    r"|Similarly|Likewise|Moreover|Furthermore|Additionally|Finally|Eventually|Neither|Each)\b"
)
_RESTS_ON_TIME = re.compile(
    r"\b(?:years|decades?|centur(?:y|ies)|aged?|anniversary|birthday|later|earlier|eve|[0-9]+-years?)\b",
    re.IGNORECASE,
)
_SUBJECT_BEFORE = re.compile(
    r"[A-Z][a-z]{1,12} [^,]{1,40}, (?:he|she|it|they|this|these)\b"
    r"|(?:[A-Z][a-z]{1,7} ){1,2}(?:of )?(?:this|that|these|those|them)\b"
    r"|[A-Z][a-z]{1,12} [0-9]{4},? (?:he|she|it|they)\b"
)
_PART_OF = re.compile(
    r"\b(?:out of|total|compared|respectively|from|between|twice|half|third|double|times|increase|decrease"
    r"|rose|fell|(?:larg|high|small|low|great|long|bigg|old|young|fast|strong)est|(?<!at )(?:most|least)"
    r"|but|overall|altogether|[a-z]{1,12}-fold)\b"
)
_CITES = re.compile(r"\[[0-9a-z ]{1,20}\]|\.\.\.|:$")
_STOP_WORDS = frozenset(
    "what which who whom whose when where why how many much does did was were has have had are the and for"
    " that this with from into than not been being its his her their they them there about between during"
    " after before year years date time name many often long".split()
)
_PLACE_PREPOSITIONS = frozenset(
    ("in", "of", "from", "to", "at", "near", "into", "through", "across", "around")
)


@dataclass(frozen=True, slots=True)
class Correctable:
    """An answer that can be corrected, in its sentence."""

    kind: str
    old: str
    paragraph: SquadParagraph
    sentence: str
    start: int  # of the answer in the paragraph's text
    sentence_start: int
    questions: tuple[SquadQuestion, ...]  # all that it answers

    def replace(self, new: str) -> str:
        """Return the sentence with another value."""
        at = self.start - self.sentence_start
        return self.sentence[:at] + new + self.sentence[at + len(self.old) :]


class ArticleText:
    """The text and the questions of an article, to be searched for values."""

    def __init__(self, article: SquadArticle) -> None:
        """Index the words of an article."""
        self._text = "\n".join(paragraph.text for paragraph in article.paragraphs).casefold()
        questions = [one.text for paragraph in article.paragraphs for one in paragraph.questions]
        self._asked = "\n".join([article.title, *questions]).casefold()
        self._words = Counter(_WORD.findall(self._text))
        self._words.update(_WORD.findall(self._asked))

    def stands_once(self, kind: str, value: str) -> bool:
        """Return whether a value stands once in the passages, and neither in the title nor in a question."""
        name = _searched(kind, value)
        if kind.startswith("person") and self._words[_WORD.findall(name)[-1]] != 1:
            return False
        return self._count(self._text, name) == 1 and self._count(self._asked, name) == 0

    def lacks(self, kind: str, value: str) -> bool:
        """Return whether a value stands nowhere; of a person's name not even the last word."""
        name = _searched(kind, value)
        if kind.startswith("person") and self._words[_WORD.findall(name)[-1]]:
            return False
        return self._count(self._text, name) == self._count(self._asked, name) == 0

    def _count(self, text: str, name: str) -> int:
        return sum(1 for _ in find_all(text, name, in_numbers=True))


def _searched(kind: str, value: str) -> str:
    """Return the text of a value to search for: of a percentage its number, which may have another unit."""
    return (get_number(value) if is_number(kind) and "%" in value else value).casefold()


def find_all(text: str, value: str, *, in_numbers: bool = False) -> Iterator[int]:
    """Yield the index of each occurrence of a value that is not a part of a longer word or number.

    `in_numbers`: also as the digits before or after the point or comma of a number, which may pass for it.
    """
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        before, after = text[max(0, start - 2) : start], text[end : end + 2]
        is_inside = not in_numbers and (_joins(before[::-1]) or _joins(after))
        if not (before[-1:].isalnum() or after[:1].isalnum() or is_inside):
            yield start
        start = text.find(value, end)


def _joins(beside: str) -> bool:
    """Return whether a point or comma and a digit stand beside a value."""
    return beside[:1] in (".", ",") and beside[1:2].isdigit()


def list_correctable(article: SquadArticle, text: ArticleText) -> Iterator[Correctable]:
    """Yield the answers of an article that can be corrected, paragraph by paragraph."""
    for paragraph in article.paragraphs:
        seen: set[str] = set()
        for question in paragraph.questions:
            old = min(question.answers, key=len, default="")
            kind = find_kind(question.text, old)
            if kind is None or old in seen:
                continue
            seen.add(old)
            found = locate(kind, old, paragraph)
            if found is None or not text.stands_once(kind, old):
                continue
            start, sentence_start, sentence = found
            answered = [one for one in paragraph.questions if any(old in answer for answer in one.answers)]
            clear = all(_rests_on(one, old, kind, sentence, article.title) for one in answered)
            if clear and _overlaps_none(paragraph, old, start, answered):
                yield Correctable(kind, old, paragraph, sentence, start, sentence_start, tuple(answered))


def locate(kind: str, value: str, paragraph: SquadParagraph) -> tuple[int, int, str] | None:
    """Return (start of a value, start of its sentence, sentence); None where it cannot be replaced there."""
    starts = list(find_all(paragraph.text, value))
    if len(starts) != 1:
        return None
    start, text = starts[0], paragraph.text
    ends = [0, *(found.end() for found in _SENTENCE_END.finditer(text)), len(text)]
    begin = max(end for end in ends if end <= start)
    stop = min((end for end in ends if end >= start + len(value)), default=len(text))
    sentence = text[begin:stop].strip()
    begin += len(text[begin:stop]) - len(text[begin:stop].lstrip())
    if not _is_self_contained(sentence) or not _fits_beside(
        kind, text[begin:start], text[start + len(value) :]
    ):
        return None
    rests_on = None if is_name(kind) else _PART_OF if is_number(kind) else _RESTS_ON_TIME
    if rests_on is not None and rests_on.search(sentence):
        return None
    return start, begin, sentence


def _is_self_contained(sentence: str) -> bool:
    return (
        _MIN_SENTENCE <= len(sentence) <= _MAX_SENTENCE
        and sentence[0].isupper()
        and sentence[-1] in ".!?"
        and sentence.count('"') == sentence.count("(") - sentence.count(")") == 0
        and not _REFERS_BACK.match(sentence)
        and not _SUBJECT_BEFORE.match(sentence)
        and not _CITES.search(sentence)
        and "\n" not in sentence
    )


def _fits_beside(kind: str, before: str, after: str) -> bool:
    """Return whether the words beside a value would fit another value of its kind."""
    previous = before.split()[-1] if before.split() else ""
    following = after.split()[0] if after.split() else ""
    if previous.casefold() in ("a", "an") or after[:1] in ("-", "–", "/") or before[-1:] in ("-", "–", "/"):
        return False
    if is_number(kind):
        return not after.startswith(" (")
    if not is_name(kind):
        is_whole_date = not previous[-1:].isdigit() and not following[:1].isdigit()
        return is_whole_date and not (after[:1] == " " and following[:1].isupper())
    if kind == "river":
        return previous == "the" and not following[:1].isupper()
    if kind.startswith("person"):
        if any(word in get_given_names() for word in _WORD.findall(f"{before} {after.partition('. ')[0]}")):
            return False  # it may be asked for as well
        joined = previous[:1].isupper() and previous[-1:].isalpha()
        return not joined and not (after[:1] == " " and following[:1].isupper())
    return (
        previous in _PLACE_PREPOSITIONS
        and not (after[:1] in (" ", ",") and following[:1].isupper())
        and (not after.startswith(", ") or not after[2:3].isupper())
    )


def _rests_on(question: SquadQuestion, old: str, kind: str, sentence: str, title: str) -> bool:
    """Return whether a value alone answers a question, and its sentence says what is asked."""
    shortest = min(question.answers, key=len)
    if shortest != old or find_kind(question.text, old) != kind:
        return False
    if not all(old in answer for answer in question.answers):
        return False
    asked, told = _stems(question.text), _stems(f"{title} {sentence}")
    names = _stems(" ".join(_CAPITALIZED.findall(question.text)))
    return bool(asked) and names <= told and len(asked & told) / len(asked) >= _MIN_OVERLAP


def _overlaps_none(paragraph: SquadParagraph, old: str, start: int, answered: list[SquadQuestion]) -> bool:
    """Return whether no other answer stands where a part of the old value does."""
    end = start + len(old)
    others = [answer for one in paragraph.questions if one not in answered for answer in one.answers]
    return not any(
        at < end and at + len(answer) > start for answer in others for at in find_all(paragraph.text, answer)
    )


def _stems(text: str) -> set[str]:
    return {word[:5] for word in _WORD.findall(text.casefold()) if len(word) > 2 and word not in _STOP_WORDS}
