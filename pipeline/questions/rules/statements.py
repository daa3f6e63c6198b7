"""Statements of conversations: a person, and a verb of what happened to them or lasts.

The person is named or related to the writer (`I`, `my sister`, `Owen`). A keyword after the verb, in the same
clause, is a fact of that person, however few words the source has.
"""

import re

from pipeline.questions.rules.name_edges import is_acronym, is_torn
from pipeline.text.keywords import Keyword
from pipeline.text.lexicon import DAYS, MONTHS
from pipeline.text.stop_words import stop_words


def _any_of(words: str) -> str:
    """Return a pattern of one of some words, between spaces."""
    return f"(?:{'|'.join(words.split())})"


KIN = _any_of(
    """moms? mums? mothers? dads? fathers? parents? brothers? sisters? wife husband partner sons?
    daughters? fianc[eé]e? cousins? aunts? uncles? nieces? nephews? grandpa grandma grandmother
    grandfather grandsons? granddaughters? roommates? flatmates? girlfriend boyfriend friends?
    family colleagues? coworkers? boss neighbou?rs? landlord landlady teachers? coach dogs? cats?
    band team company"""
)
RELATIVE = rf"(?:my|our) (?:[\w-]+ ){{0,2}}{KIN}"
FIRST_PERSON = "(?:i|we)(?:['’]?(?:ve|m)|['’]re)?"
ADVERBS = (
    "(?:(?:also|just|already|finally|recently|actually|really|now|once|even|still|always|only|have|has|had|am|"
    "are|is|was|were|been|being|be|got|getting|going to|about to) )*"
)
_VERBS = _any_of(
    """accepted adopted applied booked born bought broke broken buried costs? dating
    divorced drives drove engaged failed fell finished flew flies flying gave graduated grew
    hired hurt inherited interned invited joined joining landed landing lands learning leaves lent
    lived? lives living lost married marrying moved? moves moving offered opened opening ordered
    owes? owned owns? painted passed planted plays? proposed quit raised rented renting resigned
    retired retiring sang selling signed singing sold speaks? spent sprained started starting
    stays staying stole studied studies studying switched taught teach teaches teaching
    travell?ed turned visited visiting volunteered volunteers? volunteering won worked works?
    working wrote allergic afraid scared addicted obsessed pregnant from named called"""
)
# After a form of `be`.
_DOING = _any_of(
    """going driving heading flying reading planning applying practi[cs]ing training interning writing
    building rehearsing touring hiking running graduating"""
)
_OCCASIONS = _any_of(
    """birthday wedding exam flight train interview operation surgery appointment deadline anniversary job
    shift course class landlord passport allergy name rent salary team band street school"""
)
_NO_NAMES = "|".join(
    [
        *sorted(word.capitalize() for word in stop_words("en") if word.isalpha()),
        *"People Someone Everybody Nobody Today Yesterday Yeah Yes Well Oh Haha Lol Guess God".split(),
    ]
)
# Begins with the character before a word: to search for one that is not of a word, and look on from there, is
# quicker than to search for one of many words.
_STATEMENT = re.compile(
    rf"^ (?!(?:{_NO_NAMES})\b)[A-Z][a-zé]+ {ADVERBS}{_VERBS}\b"
    rf"|\W(?i:(?:(?:he|she)(?:['’]s)?|{FIRST_PERSON}|{RELATIVE}) {ADVERBS}{_VERBS}\b"
    rf"|(?:{FIRST_PERSON}(?: am| are| have)?|(?:he|she)(?:['’]s| is)|{RELATIVE} (?:is|are)) (?:been )?"
    rf"(?:now |finally |just |also |actually )?{_DOING}\b"
    rf"|(?:my|our) (?:[\w-]+ ){{0,2}}{_OCCASIONS}(?: \w+){{0,2}}? "
    r"(?:is|was|are|starts|ends|leaves|lands|arrives|costs|will be)\b)"
)
_CLAUSE_END = re.compile(
    r"[,.;:!()\"“”…-] |\b(?:and|but|or|because|cause|cuz|so|when|while|if|that|which|who|where|than|like|"
    r"since|until|till|not|never|before|after|as|about|i|we|he|she|they|it|you)\b",
    re.IGNORECASE,
)
_NEAR = 25  # characters between the end of a statement and its fact, that score more
_MAX_DISTANCE = 50

_MONTHS = "|".join(sorted(MONTHS))
_RATE_OR_ESTIMATE = re.compile(
    r"\b(?:every|each|an?|first|last|past|next|the|maybe|within|like|around|about|in) $", re.IGNORECASE
)
_MAX_RATE_CHARS = 8  # more than it can match
_AMOUNT_AFTER = re.compile(
    r" (?:\w+ )?(?:years|months|euros?|dollars|bucks|pounds|francs|kids|children|siblings)\b"
)
_RANGE_AFTER = re.compile(rf" ?(?:-|–|to|or|and|until) (?:the |early |late )?(?:\d|[A-Z]|(?i:{_MONTHS})\b)")
_LISTED_AFTER = re.compile(r",? (?:and|or|&) (?:the )?[A-Z]|, [A-Z]| (?:19|20)\d\d\b")
_LISTED_BEFORE = re.compile(
    r"(?:\b[A-Z][\w'’]{0,30},? (?:and|or|&)|\w The|, [A-Z]\w{1,30},|\d|\b(?:but|because|so|if|than)) $"
)
_MAX_LISTED_CHARS = 40  # more than it can match
_MIN_LOWERCASE_NAME = 3  # characters


def makes_statement(sentence: str) -> bool:
    """Return whether a sentence says of a person what happened to them, or what lasts."""
    return _STATEMENT.search(f" {sentence}") is not None


def score_statement(keyword: Keyword, sentence: str) -> int:
    """Return 5, 4 or 0: whether a keyword is a whole fact in the clause of such a statement, and how near."""
    before = sentence[: keyword.start]
    ends = [match.end() - 1 for match in _STATEMENT.finditer(f" {before}")]
    if not ends or len(before) - ends[-1] > _MAX_DISTANCE:
        return 0
    if _CLAUSE_END.search(before, ends[-1]) or not is_whole(keyword, sentence):
        return 0
    if len(before) - ends[-1] <= _NEAR:
        return 5
    return 0 if keyword.kind == "number" else 4


def is_whole(keyword: Keyword, sentence: str) -> bool:
    """Return whether a keyword is a fact by itself: not a part of a name, list or range, nor an estimate."""
    before, after = sentence[: keyword.start], sentence[keyword.end : keyword.end + _MAX_LISTED_CHARS]
    if keyword.kind == "number":
        is_estimate = _RATE_OR_ESTIMATE.search(before, max(0, len(before) - _MAX_RATE_CHARS))
        return _AMOUNT_AFTER.match(after) is not None and not is_estimate
    if keyword.kind not in ("name", "place"):  # a weekday does not tell its week
        return keyword.text.lower() not in DAYS and not _RANGE_AFTER.match(after)
    if keyword.text[0].islower():
        return len(keyword.text) >= _MIN_LOWERCASE_NAME and not _LISTED_AFTER.match(after)
    if is_acronym(keyword) or is_torn(keyword, sentence) or _LISTED_AFTER.match(after):
        return False
    return _LISTED_BEFORE.search(before, max(0, len(before) - _MAX_LISTED_CHARS)) is None
