"""Lasting facts of conversations, which people tell about themselves and their families.

Chats are careless about capitals and full stops, so patterns of whole phrases find the things that somebody
studies, plays, owns, likes best or works at.
"""

import re

from pipeline.questions.rules import statements
from pipeline.questions.rules.name_edges import REJECTED
from pipeline.text.keywords import NAME, NOUN, OTHER, Keyword, SentenceTagger
from pipeline.text.stop_words import stop_words

MIN_SCORE = 10

_KIN = (
    "(?:mom|mum|dad|mother|father|parents|brother|sister|wife|husband|son|daughter|fianc[eé]e?|cousin|aunt|"
    "uncle|roommate|family|grandpa|grandma|dog|cat|boss|best friend|girlfriend|boyfriend|friend)s?"
)
_SELF = rf"(?:i|we|he|she|they|my (?:\w+ )?{_KIN})"
_IS = rf"(?:i'?m|i am|{_SELF} is)"
_WAS = rf"(?:i'?m|i am|i was|{_SELF} (?:is|was))"
_ARTICLE = "(?:an? |the )?"
_THING = (
    r"(?P<thing>[a-z0-9][\w'’+#-]*(?: [a-z0-9][\w'’+#-]*){0,2}?)"
    r"(?=[.,!;)]|$| (?:and|but|so|because|at|in|for|with|on|to|right|now|when|since|from|i|my|it|that|which|"
    r"this|the|or|as|is|was|too|haha|lol|a lot|major|class|team)\b)"
)
_EXCLUDED_THINGS = frozenset(
    "kids kid children people man woman girl guy boy person lot bit way time game games thing things".split()
)
# Patterns, and for each some strings of which a sentence has one where the pattern matches.
_THING_PATTERNS = [
    (re.compile(pattern, re.IGNORECASE), strings)
    for strings, pattern in (
        (["major"], rf"\bmajor(?:ing|ed)? (?:is |was |will be )?(?:in )?{_THING}"),
        (["minor"], rf"\bminor(?:ing|ed)? in {_THING}"),
        (
            [" major", " student", " teacher", " engineer", " developer", " ta"],
            rf"\b(?:{_WAS}|{_SELF}'s) (?:an? |studying |going into )(?:\w+ing )?{_THING}"
            r"(?= (?:major|student|teacher|engineer|developer|ta)\b)",
        ),
        (
            [" fav"],
            r"\bmy (?:all[- ]time )?fav(?:ou?rite|e)? (?:\w+ ){1,4}?(?:is|was|are|would be|has to be) "
            rf"(?:probably |definitely |the |an? )*{_THING}",
        ),
        (
            [" adopted", " own", " inherited", " built", " designed", " invented", " broke"],
            rf"\b{_SELF} (?:just |also |recently |finally )?(?:adopted|own|owned|inherited|built|designed|"
            rf"invented|broke) (?:an? |my |our |the )?(?:new |own )?{_THING}",
        ),
        (
            [" play", " learn", " taught", " teach", " speak", " collect", " coach"],
            rf"\b{_SELF} (?:also |used to |can |can't |started |love to |like to |loves to |likes to )*"
            r"(?:play|plays|played|playing|learning|learn|taught|teaches|teach|speak|speaks|collect|collects|coach|"
            rf"coached) (?:the |how to )?{_THING}",
        ),
        (
            [" at ", " for ", " as "],
            rf"\b{_SELF} (?:work|works|worked|'ve worked|am working|is working|was) (?:at|for|as) "
            rf"{_ARTICLE}{_THING}",
        ),
        ([" working "], rf"\b{_WAS} working (?:at|for|as) {_ARTICLE}{_THING}"),
        (
            [" to be ", " to become ", " to study ", " to major "],
            rf"\b{_SELF} (?:want|wants|wanted|plan|plans|hope|hopes|am hoping|am planning|decided) to "
            rf"(?:be|become|study|major in) {_ARTICLE}{_THING}",
        ),
        (
            [" allergic ", " afraid ", " scared ", " obsessed ", " addicted ", " fan of "],
            rf"\b{_IS} (?:allergic to|afraid of|scared of|obsessed with|addicted to|a (?:huge |big )?fan of) "
            f"{_THING}",
        ),
        ([" a ", " an "], rf"\b{_SELF} (?:is|was|are|were) an? {_THING}"),
        (
            [" named ", " called "],
            rf"\b{_SELF} (?:has|have|had) {_ARTICLE}(?:{_KIN} )?(?:named|called) {_THING}",
        ),
    )
]

# A person, and a verb of being, doing or having; the fact follows within _MAX_DISTANCE. This pattern and
# HEDGE begin with the character before a word: to search for one that is not of a word, and look on from
# there, is quicker than to search for one of many words.
_LASTING_FACT = re.compile(
    rf"\W(?i:(?:{_SELF}(?:'?m|'?s|'?re|'?ve)?) (?:\w+ ){{0,2}}?"
    r"(?:from|live[ds]?|living|grew up|raised|born|moved?|moving|works?|worked|working|major\w*|minor\w*|"
    r"graduat\w+|serv(?:e|ed|es|ing)|married|engaged|named|called|bought|own|owns|owned|sold|broke|won|lost|"
    r"met|stud(?:y|ied|ies|ying)|play|plays|played|teach\w*|taught|learned|learning|speaks?|speaking|visit\w*|"
    r"went|flew|drove|travel\w*|been to|have|has|had|read|interned|hired|accepted|allergic|get married|"
    r"turn(?:ed|ing)?|years|fav\w*)\b"
    r"|my (?:\w+ ){0,2}(?:fav\w*|name|birthday|mission|major|minor|hometown|house|job|internship|class|"
    r"dream|car|wedding)\b"
    r"|(?:born|raised|lived|served|mission) in\b)"
)
_MAX_DISTANCE = 60  # characters between the end of such a phrase and the fact
_ANYTHING_FOLLOWS = re.compile(r"\b(?:have|has|had|read|met)$", re.IGNORECASE)
HEDGE = re.compile(
    r"\W(?i:if|would|could|might|should|maybe|probably|guess|wonder|think|thinking|gonna|idk|sorry|like to|"
    r"was going to|can|will|i'?ll|we'?ll|imagine|suppose|thanks?)\b"
)
_THIRD_PERSON = re.compile(r"^\W*(?:\w+ ){0,2}(?:he|she|they)\b", re.IGNORECASE)
_UNITS = re.compile(
    r"[ -](?:\w+ )?(?:years?|months?|semesters?|kids?|children|siblings?|brothers?|sisters?|cousins?|"
    r"nephews?|nieces?|euros?|met(?:re|er)s?|kilomet(?:re|er)s?|kilos|kg|tickets?|stitches|goals|"
    r"roommates?|dogs?|cats?|countries|states|languages|classes|credits?|miles?|pounds?|lbs|dollars?|bucks|"
    r"cars?|jobs?|grade|floor|percent|people|books?|movies|seasons?)\b",
    re.IGNORECASE,
)
_ROUND_NUMBER = re.compile(r"illion|hundred|thousand|^\d+00+$", re.IGNORECASE)  # estimates, not counts
_APPROXIMATE = re.compile(r"\b(?:like|some|about|around|past|last|\d) $", re.IGNORECASE)
_MAX_APPROXIMATE_CHARS = 8  # more than _APPROXIMATE can match
_STOP_WORDS = "|".join(sorted(stop_words("en") - {"'s"}))
_NAME_CUES = ("named ", "called ")
_NAME_CONTINUES = re.compile(rf" (?!(?:{_STOP_WORDS})\b)[a-z]", re.IGNORECASE)
_NAME_STARTED_BEFORE = re.compile(rf"(?<!\w)(?!(?:{_STOP_WORDS}) )[a-z]+ (?:of )?$", re.IGNORECASE)


def has_lasting_fact(sentence: str) -> bool:
    """Return whether the sentence says of a person who they are, or what they do or have."""
    return _LASTING_FACT.search(f" {sentence}") is not None or statements.makes_statement(sentence)


def find_things(sentence: str, tagger: SentenceTagger) -> list[Keyword]:
    """Return the things that the sentence says somebody has, does or is: nouns of up to three words."""
    things = []
    lowercase = sentence.lower()
    for pattern, strings in _THING_PATTERNS:
        # Patterns ignore case beyond ASCII too, where `lower` does not do the same.
        if lowercase.isascii() and not any(string in lowercase for string in strings):
            continue
        for match in pattern.finditer(sentence):
            thing = match.group("thing")
            tags = tagger.tag(thing).tags
            nouns = tags[-1] in (NOUN, NAME) and set(tags) <= {NOUN, NAME, OTHER}
            if nouns and thing.casefold() not in _EXCLUDED_THINGS:
                things.append(Keyword(match.start("thing"), match.end("thing"), thing, "thing"))
    return things


def score_context(sentence: str) -> int:
    """Return the part of the score of a sentence's keywords that is the same for all of them."""
    return -2 * len(HEDGE.findall(f" {sentence}"))


def score_keyword(keyword: Keyword, sentence: str) -> int:
    """Return the score of a keyword in a sentence of a conversation, beside `score_context`."""
    before, after = sentence[: keyword.start], sentence[keyword.end :]
    total = 0
    if keyword.kind == "number" and not _UNITS.match(after):
        total -= 3
    if keyword.kind == "number" and _ROUND_NUMBER.search(keyword.text):
        total -= 3
    if _APPROXIMATE.search(before, max(0, len(before) - _MAX_APPROXIMATE_CHARS)):
        total -= 3
    if not before.endswith(_NAME_CUES):
        total -= _score_torn_name(keyword, before, after)
    if _THIRD_PERSON.search(before):
        total -= 1
    ends = [match.end() - 1 for match in _LASTING_FACT.finditer(f" {before}")]
    if ends and len(before) - ends[-1] <= _MAX_DISTANCE:
        total += 3 if _ANYTHING_FOLLOWS.search(before, 0, ends[-1]) else 4
        total += keyword.kind == "place"
    else:
        total += statements.score_statement(keyword, sentence)
    if before.endswith(("-", "–")):
        return REJECTED  # the end of a range, or of a compound
    return total


def _score_torn_name(keyword: Keyword, before: str, after: str) -> int:
    """Return 0, 2, 3 or 5: how likely a name goes on after the keyword or begins before it."""
    goes_on = keyword.kind in ("name", "place", "time") and _NAME_CONTINUES.match(after)
    is_lowercase_name = keyword.kind in ("name", "place") and keyword.text.islower()
    begins_before = is_lowercase_name and _NAME_STARTED_BEFORE.search(before)
    return 3 * bool(goes_on) + 2 * bool(begins_before)  # such as Lyme in "Lyme disease"
