"""Plain facts of people's messages, for instances in which the other rules find few.

`conversation_facts` asks for what lasts, after a person and a verb. People who write in short messages say
little in this form. Here a fact is what is a fact in any sentence: a name after `called`, a place after `in`,
a date, an amount with its unit. Several content words have to stand around it, and the sentence is not a
guess, a question or a request.
"""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from pipeline.questions.rules import personal_keywords, statements
from pipeline.questions.rules.conversation_facts import HEDGE, find_things, has_lasting_fact
from pipeline.questions.rules.facts import ADJECTIVE_ENDING, VAGUE_OPENING, Fact, is_given_away
from pipeline.questions.rules.halves import is_half
from pipeline.questions.rules.name_edges import is_acronym, is_torn
from pipeline.text.casing import WordStatistics
from pipeline.text.content_words import content_words
from pipeline.text.keywords import Keyword, KeywordKind, SentenceTagger
from pipeline.text.lexicon import DAYS, MONTHS, TITLES
from pipeline.text.normalize import fold_case
from pipeline.text.stop_words import stop_words

MIN_CHARS = 24  # of a sentence
MIN_SCORE = 7
_MIN_CONTEXT_WORDS = 3  # around the fact, as the check of ambiguous clozes wants them
_MAX_CONTEXT_WORDS = 6  # more of them do not raise the score
_MAX_FREQUENCY = 12  # of a name in the instance; a more frequent one is who the chat is about
_SCORES = {"called": 6, "date": 4, "place": 4, "clock": 4, "thing": 4, "month": 3, "amount": 3, "name": 2}

_CAPITALIZED = r"[A-Z][a-zà-ÿ][\w'’&-]*"
_NAME = rf"{_CAPITALIZED}(?: (?:(?:of|de|von|van|the|del) )?{_CAPITALIZED}){{0,3}}"
_CALLED = re.compile(rf"\b(?:called|named|name is|names are|name['’]s) (?P<fact>{_NAME})")
_PLACE = re.compile(rf"(?<=[a-z,;] )(?:in|to|from|near|at|through|around|outside) (?P<fact>{_NAME})")
_OTHER_NAME = re.compile(rf"(?<=[a-z,;] )(?P<fact>{_NAME})")
_MONTH = "|".join(sorted(MONTHS))
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"\b(?:(?P<date>{_ORDINAL}(?: of)? (?:{_MONTH})|(?:{_MONTH}) {_ORDINAL})"
    r"(?!\d| ?[-–/]| (?:and|or|to) \d)"
    rf"|(?:in|since|until|by|from|before|after) (?P<month>(?:{_MONTH})(?! \d)|(?:19|20)\d\d))\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?<![\w.,:/~-])(?P<fact>\d[\d.,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"(?= ?(?:euros?|dollars|pounds|bucks|francs|kg|kilos?|km|kilomet(?:er|re)s?|miles|met(?:er|re)s|cm|"
    r"percent|square met(?:er|re)s|years|months|weeks|nights|stitches|kids|children|siblings|brothers|"
    r"sisters|cats|dogs|bedrooms|rooms|floors|stops)\b)"
)
_ESTIMATE = re.compile(
    r"\b(?:about|around|like|maybe|some|almost|over|under|nearly|or|every|past|last|next) $", re.IGNORECASE
)
_RANGE_BEFORE = re.compile(rf"(?:{_MONTH}|\d|\dth) (?:to|and|or|until) $", re.IGNORECASE)
_PARTICLE = re.compile(r"\b(?:de|der|den|del|di|da|la|le|el|van|von) $")
_MAX_EDGE_CHARS = 20  # more than these three can match
_POSSESSIVE = re.compile(r"['’]s?$")
_SHOUTED = re.compile(r"\b[A-Z]{3,}\b")
_REQUEST = re.compile(
    r"\W?(?:(?:please|just|then|and|so|ok|okay|hey|but),? ){0,3}"
    r"(?:ask|bring|call|check|come|do|don['’]?t|get|give|go|have|let|let['’]?s|look|make|put|remember|remind|"
    r"say|see|send|show|take|tell|text|try|use|wait|wear|wish|happy|merry|good luck|thanks?|what|who|when|"
    r"where|why|how|which|is|are|was|were|did|does|can|could|should|would|will)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"(?<!\w)(?:i|we|my|our|he|she|they|his|her|their)(?:['’](?:m|s|re|ve|d))?(?!\w)", re.IGNORECASE
)
_NO_NAMES = TITLES | frozenset(
    """mom mum mommy mama dad daddy papa grandma grandpa granny gran nana auntie god jesus lol haha dear love
    english internet ok okay yes no well oh hi hey hello sorry thanks""".split()
)


@dataclass(frozen=True, slots=True)
class ChatWords:
    """The words of an instance of people's messages."""

    counts: Mapping[str, int]  # how often each word, case folded, occurs
    statistics: WordStatistics  # of the instance alone
    speakers: Set[str]  # the words of the names of those who chat


def find_plain_fact(sentence: str, tagger: SentenceTagger, words: ChatWords) -> Fact | None:
    """Return the plain fact of a sentence that is most worth asking for, or None where there is none.

    Args:
        sentence: Of a person's message.
        tagger: Knows the words of the whole source.
        words: Those of the instance.
    """
    if HEDGE.search(f" {sentence}") or _REQUEST.match(sentence):
        return None
    is_about_person = _PERSON.search(sentence) is not None
    is_lasting = has_lasting_fact(sentence)
    context_score = 2 * is_about_person + 2 * is_lasting - (VAGUE_OPENING.match(sentence) is not None)
    facts = []
    for keyword, cue in _find_keywords(sentence, tagger, words):
        if (cue == "name" and not is_lasting) or (cue == "place" and not is_about_person):
            continue
        rest = content_words(f"{sentence[: keyword.start]} {sentence[keyword.end :]}")
        score = _SCORES[cue] + min(len(rest), _MAX_CONTEXT_WORDS) + context_score
        if score < MIN_SCORE or len(rest) < _MIN_CONTEXT_WORDS:
            continue
        is_name = keyword.kind in ("name", "place")
        if is_name and not _may_be_name(keyword, cue, words):
            continue
        is_part = _is_part(keyword, sentence) or is_half(keyword, sentence)
        if not is_given_away(keyword, sentence) and not is_part:
            facts.append(Fact(keyword.start, keyword.end, keyword.text, keyword.kind, score))
    return max(facts, key=lambda fact: (fact.score, -fact.start), default=None)


def _find_keywords(sentence: str, tagger: SentenceTagger, words: ChatWords) -> Iterator[tuple[Keyword, str]]:
    """Yield the keywords of a sentence, each with what tells it, which is a key of _SCORES."""
    for match in _CALLED.finditer(sentence):
        yield _make_keyword(match, "name"), "called"
    for match in _DATE.finditer(sentence):
        cue = "date" if match["date"] else "month"
        yield _make_keyword(match, "time", cue), cue
    for match in _AMOUNT.finditer(sentence):
        yield _make_keyword(match, "number"), "amount"
    if _has_telling_capitals(sentence, words.statistics):
        for match in _PLACE.finditer(sentence):
            yield _make_keyword(match, "place"), "place"
        for match in _OTHER_NAME.finditer(sentence):
            yield _make_keyword(match, "name"), "name"
    for keyword in personal_keywords.find_keywords(sentence, (), words.statistics):
        yield keyword, "clock" if keyword.kind == "time" else keyword.kind
    for keyword in find_things(sentence, tagger):
        yield keyword, "thing"


def _make_keyword(match: re.Match[str], kind: KeywordKind, group: str = "fact") -> Keyword:
    text = _POSSESSIVE.sub("", match[group])
    return Keyword(match.start(group), match.start(group) + len(text), text, kind)


def _has_telling_capitals(sentence: str, statistics: WordStatistics) -> bool:
    """Return whether capitals inside a sentence tell names; its first letter may be small."""
    is_shouted = len(_SHOUTED.findall(sentence)) > 1
    return not is_shouted and (sentence[:1].isupper() or not statistics.has_careless_casing)


def _may_be_name(keyword: Keyword, cue: str, words: ChatWords) -> bool:
    names = fold_case(keyword.text).replace(".", "").split()
    if is_acronym(keyword) or words.speakers & set(names) or _NO_NAMES & set(names):
        return False
    if any(name in MONTHS or name in DAYS or name.removesuffix("s") in DAYS for name in names):
        return False
    if stop_words("en").issuperset(names) or ADJECTIVE_ENDING.search(keyword.text):
        return False
    if cue == "name" and min(words.counts.get(name, 0) for name in names) > _MAX_FREQUENCY:
        return False
    if keyword.text[0].islower() or len(names) > 1 or cue == "called":
        return True
    is_repeated = cue != "name" or words.statistics.capitalized[names[0]] > 1  # else maybe a slip
    return is_repeated and not words.statistics.lowercase[names[0]]


def _is_part(keyword: Keyword, sentence: str) -> bool:
    """Return whether a keyword is a part of a longer name or of a list, or an estimate."""
    before = sentence[max(0, keyword.start - _MAX_EDGE_CHARS) : keyword.start]
    if keyword.kind == "number":
        return not before or _ESTIMATE.search(before) is not None
    if keyword.kind == "time" and _RANGE_BEFORE.search(before):
        return True
    if not statements.is_whole(keyword, sentence):
        return True
    is_abbreviated = sentence.startswith(". ", keyword.end)  # such as St. Oswald
    return keyword.text[0].isupper() and (
        is_abbreviated or _PARTICLE.search(before) is not None or is_torn(keyword, sentence)
    )
