"""Cues of plain facts in messages: `called`, a month, a unit, or the question that a message replies to.

Chats leave out capitals, apostrophes and persons (`her names Noor`, `took it. moving 24 may`), so each cue is
made of few words.
"""

import re
from collections.abc import Iterator

from pipeline.questions.rules import personal_keywords
from pipeline.questions.rules.chat_context import Wanted
from pipeline.questions.rules.conversation_facts import find_things
from pipeline.text.casing import WordStatistics
from pipeline.text.chat_words import FILLERS, SHORT_DAYS, SHORT_MONTHS
from pipeline.text.keywords import Keyword, KeywordKind, SentenceTagger
from pipeline.text.lexicon import MONTHS
from pipeline.text.stop_words import stop_words

# The score of a fact by what shows it.
SCORES = {
    "reply": 7,
    "called": 6,
    "date": 4,
    "place": 4,
    "clock": 4,
    "thing": 4,
    "price": 4,
    "large": 6,
    "month": 3,
    "amount": 4,
    "day": 3,
    "hour": 2,
    "name": 2,
    "count": 2,
}

MONTH = "|".join(sorted(MONTHS | SHORT_MONTHS, key=lambda month: (-len(month), month)))
_DAY = "|".join(sorted(SHORT_DAYS, key=lambda day: (-len(day), day)))
_CAPITALIZED = r"[A-Z][a-zà-ÿ][\w'’&-]*"
_NAME = rf"{_CAPITALIZED}(?: (?:(?:of|de|von|van|the|del) )?{_CAPITALIZED}){{0,3}}"
_CALLED = re.compile(
    r"\b(?:called|named|name is|names are|name['’]s|(?:his|her|its|their|[a-z]+['’]?s) names?) "
    rf"(?P<fact>{_NAME})"
)
# Where a name is written small, it ends its clause.
_CALLED_SMALL = re.compile(
    r"\b(?:(?:his|her|its|their) names?(?: is|['’]s)?|(?:an? |the )\w+ (?:called|named)|"
    r"(?:its|it['’]s|hes|he['’]s|shes|she['’]s) (?:called|named)) "
    r"(?P<fact>[a-zà-ÿ]{3,}(?: [a-zà-ÿ]{3,})?)(?=[.,!)]|$| (?:n|and|w|from|lol|btw)\b)"
)
_PLACE = re.compile(rf"(?<=[a-z,;] )(?:in|to|from|near|at|through|around|outside) (?P<fact>{_NAME})")
_OTHER_NAME = re.compile(rf"(?<=[a-z,;] )(?P<fact>{_NAME})")
_POSSESSIVE = re.compile(r"['’]s?$")
_SHOUTED = re.compile(r"\b[A-Z]{3,}\b")
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"\b(?:(?P<date>{_ORDINAL}(?: of)? (?:{MONTH})|(?:{MONTH}) {_ORDINAL})"
    r"(?!\d| ?[-–/]| (?:and|or|to|n) \d)"
    rf"|(?:in|since|until|till?|by|from|before|after|end of|mid|early|late) "
    rf"(?P<month>(?:{MONTH})(?! \d)|(?:19|20)\d\d)"
    rf"|(?:on|by|until|till?|from|the|(?:{_DAY})) (?P<day>\d{{1,2}}(?:st|nd|rd|th))"
    r"(?=[.,!)]|$| (?:w|with|n|and|at|for|in|if|so|ok|but|then|from|she|he|they|we|i|lol|btw)\b))(?!\w)",
    re.IGNORECASE,
)
_HOUR = re.compile(
    r"(?<![\w.,:/~-])(?:(?:at|from|by) (?P<fact>\d{1,2}(?:[:.]\d\d)?)"
    r"(?=[.,!)]|$| (?:on|in|w|n|and|lol|tmrw)\b)|"
    r"(?P<time>\d{1,2}(?:[:.]\d\d)? ?[ap]m)\b(?! ?[-–]))",
    re.IGNORECASE,
)
_COUNT = r"\d[\d.,]*(?<![.,])|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_AMOUNT = re.compile(
    rf"(?<![\w.,:/~-])(?P<fact>{_COUNT})"
    r"(?= ?(?:euros?|dollars|pounds|bucks|quid|grand|pcm|kr|francs|kg|kilos?|km|kilomet(?:er|re)s?|miles|"
    r"met(?:er|re)s|cm|ft|lbs?|oz|degrees|percent|credits|square met(?:er|re)s|years|yrs|months|weeks|"
    r"wks|nights|days|stitches|kids|children|siblings|brothers|sisters|cats|dogs|bedrooms|bed|rooms|floors|stops|chords|"
    r"tickets|dozen)\b)",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"(?:\b(?:for|paid|pays?|costs?|cost me|offered|charge[sd]?|said|budget is|rent is|rent to|deposit is) "
    r"(?:me |u |him |her |them )?|[$£€])(?P<fact>\d[\d.,]*(?<![.,])k?)"
    r"(?=[.,!)]|$| (?:to|a|an|per|on|in|w|incl|cash|off|from|n|and|for|lol|btw|plus|each|all)\b)(?!\.\d)",
    re.IGNORECASE,
)
_LARGE = re.compile(r"(?<![\w.,:/~-])[$£€]?(?P<fact>\d{1,3}(?:,\d{3})+)(?![\w%/-]|[.,:]\d)")
_THINGS = re.compile(
    r"(?<![\w.,:/~-])(?P<fact>\d{1,3}) (?P<unit>[a-z]{3,}s)\b"
    r"(?! (?:ago|old|late|early|later|left|in a row|last|today|tonite|tonight|this)\b)"
)
_NO_UNITS = frozenset(
    "hours hrs mins minutes secs seconds times things percents plus minus ways points".split()
)
_DROPPED_OBJECT = re.compile(
    r"(?:\W(?i:he|she|they|i|we|mum|mom|dad)(?:['’]?(?:ve|s))? |^ (?:\w+ )?)"
    r"(?i:(?:just |also |finally )?(?:bought|adopted|ordered|baked|knitted|won|sold|broke|inherited|built|"
    r"plays?|rented|joined) (?:me |us |him |her |u )?(?:an?|the|my|our|his|her|their) )"
)

_TALKS_TO = re.compile(r"\b(?:talk|talked|talking|speak|spoke|listen|said) to $")
_PASSING_THINGS = frozenset(
    "beer beers cake coffee cookie drink drinks pint pizza round sandwich scone snack tea wine".split()
)
_GLUED_UNIT = re.compile(r"[a-zA-Z]{1,6}")
_TOKEN = re.compile(r"\S+")
_MARKS = ".,!)"
_REPLY_NUMBER = re.compile(
    rf"[$£€]?(?P<fact>\d[\d.,]*(?<![.,])k?|{_COUNT})(?:kr|ft|m|%)?(?![\w:/%-])", re.IGNORECASE
)
_REPLY_MONTH = re.compile(rf"\A(?:\w+,? ){{0,2}}(?P<fact>{MONTH})(?=[.,!)]|$)", re.IGNORECASE)
_REPLY_NAME = re.compile(
    r"(?P<fact>[^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+)?)(?=[.!)]|$| (?:from|with|w|lol|btw|tho|obv)\b)"
)
_REPLY_LEADS = FILLERS | frozenset(
    "a an the to in at on from called for by some my our w with it's he's she's they're".split()
)
_ESTIMATES = frozenset("like about around abt bout maybe nearly almost over under".split())
_NO_REPLIES = (
    FILLERS
    | stop_words("en")
    | frozenset(
        """maybe work home town bed outside inside everyone nobody somewhere anywhere nothing something
        anything everything people friends thing things ones guess ask exactly whatever bad fine big small
        sorry thanks love god me you us them long short idea story lies lie""".split()
    )
)
_MAX_LEADS = 3


def find_cues(
    sentence: str, tagger: SentenceTagger, statistics: WordStatistics, wanted: Wanted | None
) -> Iterator[tuple[Keyword, str]]:
    """Yield the keywords of a sentence, each with what shows it, which is a key of SCORES.

    Args:
        sentence: Of a person's message.
        tagger: Knows the words of the whole source.
        statistics: The words of the instance.
        wanted: What the message before asks for, where the sentence begins the reply to it.
    """
    if wanted is not None:
        for keyword in _find_reply(sentence, wanted):
            yield keyword, "reply"
    yield from _find_times(sentence)
    yield from _find_numbers(sentence)
    yield from _find_names(sentence, statistics)
    for keyword in personal_keywords.find_keywords(sentence, (), statistics):
        if keyword.kind != "thing" and not _TALKS_TO.search(sentence, 0, keyword.start):
            yield keyword, "clock" if keyword.kind == "time" else keyword.kind
    yield from ((keyword, "thing") for keyword in _find_objects(sentence, tagger, statistics))


def _find_objects(sentence: str, tagger: SentenceTagger, statistics: WordStatistics) -> Iterator[Keyword]:
    """Yield the things that somebody has or does, but those that are eaten or drunk the same day."""
    found = [one for one in personal_keywords.find_keywords(sentence, (), statistics) if one.kind == "thing"]
    if statistics.has_careless_casing:
        found += personal_keywords.find_objects(sentence, _DROPPED_OBJECT, statistics)
    found += find_things(sentence, tagger)
    yield from (one for one in found if one.text.lower().split()[-1] not in _PASSING_THINGS)


def _find_names(sentence: str, statistics: WordStatistics) -> Iterator[tuple[Keyword, str]]:
    for match in _CALLED.finditer(sentence):
        yield _make_keyword(match, "name"), "called"
    if len(_SHOUTED.findall(sentence)) < 2:  # else capitals tell nothing
        for match in _PLACE.finditer(sentence):
            if not _TALKS_TO.search(sentence, 0, match.start("fact")):
                yield _make_keyword(match, "place"), "place"
        for match in _OTHER_NAME.finditer(sentence):
            yield _make_keyword(match, "name"), "name"
    if statistics.has_careless_casing:
        for match in _CALLED_SMALL.finditer(sentence):
            if _NO_REPLIES.isdisjoint(match["fact"].split()):
                yield _make_keyword(match, "name"), "called"


def _find_times(sentence: str) -> Iterator[tuple[Keyword, str]]:
    for match in _DATE.finditer(sentence):
        cue = str(match.lastgroup)
        yield _make_keyword(match, "time", cue), cue
    for match in _HOUR.finditer(sentence):
        yield _make_keyword(match, "time", str(match.lastgroup)), "hour"


def _find_numbers(sentence: str) -> Iterator[tuple[Keyword, str]]:
    for pattern, cue in ((_AMOUNT, "amount"), (_PRICE, "price"), (_LARGE, "large")):
        for match in pattern.finditer(sentence):
            yield _make_keyword(match, "number"), cue
    for match in _THINGS.finditer(sentence):
        if match["unit"] not in _NO_UNITS:
            yield _make_keyword(match, "number"), "count"


def _find_reply(sentence: str, wanted: Wanted) -> Iterator[Keyword]:
    """Yield what a reply gives of what was asked for, where it gives this first."""
    if wanted == "time":
        for cue in _find_times(sentence):
            yield cue[0]
        if match := _REPLY_MONTH.match(sentence):
            yield _make_keyword(match, "time")
        return
    start = 0
    for lead, token in enumerate(_TOKEN.finditer(sentence)):
        word = token.group().strip(_MARKS).lower()
        start = token.start()
        if word in _ESTIMATES or lead > _MAX_LEADS:
            return
        if word not in _REPLY_LEADS:
            break
    if wanted == "amount":
        if match := _REPLY_NUMBER.match(sentence, start):
            yield _make_keyword(match, "number")
    elif (match := _REPLY_NAME.match(sentence, start)) and _may_answer(match["fact"].lower().split()):
        yield _make_keyword(match, "name")


def _may_answer(words: list[str]) -> bool:
    return _NO_REPLIES.isdisjoint(words) and not words[-1].endswith(("ing", "ly", "ed"))


def _make_keyword(match: re.Match[str], kind: KeywordKind, group: str = "fact") -> Keyword:
    text = _POSSESSIVE.sub("", match[group]) if kind in ("name", "place") else match[group]
    if kind == "number":  # `600kr` is one word
        glued = _GLUED_UNIT.match(match.string, match.end(group))
        text += glued.group() if glued else ""
    return Keyword(match.start(group), match.start(group) + len(text), text, kind)
