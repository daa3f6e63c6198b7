"""What people say of themselves and theirs: the facts of a conversation that last.

Chats are careless about capitals and stops, so patterns of whole phrases find the things: what somebody
studies, plays, owns, likes best, works at.
"""

import re

from pipeline.text.function_words import stop_words
from pipeline.text.keywords import Keyword, tagged
from pipeline.text.usage import Usage

LEAST_POINTS = 10

_KIN = (
    "(?:mom|mum|dad|mother|father|parents|brother|sister|wife|husband|son|daughter|fianc[eé]e?|cousin|aunt|"
    "uncle|roommate|family|grandpa|grandma|dog|cat|boss|best friend|girlfriend|boyfriend|friend)s?"
)
_SELF = rf"(?:i|we|he|she|they|my (?:\w+ )?{_KIN})"
_IS = rf"(?:i'?m|i am|{_SELF} is)"
_WAS = rf"(?:i'?m|i am|i was|{_SELF} (?:is|was))"
_A = "(?:an? |the )?"
_THING = (
    r"(?P<thing>[a-z0-9][\w'’+#-]*(?: [a-z0-9][\w'’+#-]*){0,2}?)"
    r"(?=[.,!;)]|$| (?:and|but|so|because|at|in|for|with|on|to|right|now|when|since|from|i|my|it|that|which|"
    r"this|the|or|as|is|was|too|haha|lol|a lot|major|class|team)\b)"
)
_NEVER_THINGS = frozenset(
    "kids kid children people man woman girl guy boy person lot bit way time game games thing things".split()
)
_THINGS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bmajor(?:ing|ed)? (?:is |was |will be )?(?:in )?{_THING}",
        rf"\bminor(?:ing|ed)? in {_THING}",
        rf"\b(?:{_WAS}|{_SELF}'s) (?:an? |studying |going into )(?:\w+ing )?{_THING}"
        r"(?= (?:major|student|teacher|engineer|developer|ta)\b)",
        r"\bmy (?:all[- ]time )?fav(?:ou?rite|e)? (?:\w+ ){1,4}?(?:is|was|are|would be|has to be) "
        rf"(?:probably |definitely |the |an? )*{_THING}",
        rf"\b{_SELF} (?:just |also |recently |finally )?(?:adopted|own|owned|inherited|built|designed|"
        rf"invented|broke) (?:an? |my |our |the )?(?:new |own )?{_THING}",
        rf"\b{_SELF} (?:also |used to |can |can't |started |love to |like to |loves to |likes to )*"
        r"(?:play|plays|played|playing|learning|learn|taught|teaches|teach|speak|speaks|collect|collects|coach|"
        rf"coached) (?:the |how to )?{_THING}",
        rf"\b{_SELF} (?:work|works|worked|'ve worked|am working|is working|was) (?:at|for|as) {_A}{_THING}",
        rf"\b{_WAS} working (?:at|for|as) {_A}{_THING}",
        rf"\b{_SELF} (?:want|wants|wanted|plan|plans|hope|hopes|am hoping|am planning|decided) to "
        rf"(?:be|become|study|major in) {_A}{_THING}",
        rf"\b{_IS} (?:allergic to|afraid of|scared of|obsessed with|addicted to|a (?:huge |big )?fan of) "
        f"{_THING}",
        rf"\b{_SELF} (?:is|was|are|were) an? {_THING}",
        rf"\b{_SELF} (?:has|have|had) {_A}(?:{_KIN} )?(?:named|called) {_THING}",
    )
]

# A person, or his people, and what he is, does or has; the fact comes soon after.
_LASTING = re.compile(
    rf"\b(?:{_SELF}(?:'?m|'?s|'?re|'?ve)?) (?:\w+ ){{0,2}}?"
    r"(?:from|live[ds]?|living|grew up|raised|born|moved?|moving|works?|worked|working|major\w*|minor\w*|"
    r"graduat\w+|serv(?:e|ed|es|ing)|married|engaged|named|called|bought|own|owns|owned|sold|broke|won|lost|"
    r"met|stud(?:y|ied|ies|ying)|play|plays|played|teach\w*|taught|learned|learning|speaks?|speaking|visit\w*|"
    r"went|flew|drove|travel\w*|been to|have|has|had|read|interned|hired|accepted|allergic|get married|"
    r"turn(?:ed|ing)?|years|fav\w*)\b"
    r"|\bmy (?:\w+ ){0,2}(?:fav\w*|name|birthday|mission|major|minor|hometown|house|job|internship|class|"
    r"dream|car|wedding)\b"
    r"|\b(?:born|raised|lived|served|mission) in\b",
    re.IGNORECASE,
)
_NEAR = 60  # characters between what is said of somebody and the fact
_ANYTHING_FOLLOWS = re.compile(r"\b(?:have|has|had|read|met)$", re.IGNORECASE)
_PASSING = re.compile(
    r"\b(?:if|would|could|might|should|maybe|probably|guess|wonder|think|thinking|gonna|idk|sorry|like to|"
    r"was going to|can|will|i'?ll|we'?ll|imagine|suppose|thanks?)\b",
    re.IGNORECASE,
)
_OF_OTHERS = re.compile(r"^\W*(?:\w+ ){0,2}(?:he|she|they)\b", re.IGNORECASE)
_UNITS = re.compile(
    r"[ -](?:\w+ )?(?:years?|months?|semesters?|kids?|children|siblings?|brothers?|sisters?|cousins?|"
    r"nephews?|nieces?|roommates?|dogs?|cats?|countries|states|languages|classes|credits?|miles?|pounds?|lbs|dollars?|"
    r"bucks|cars?|jobs?|grade|floor|percent|people|books?|movies|seasons?)\b",
    re.IGNORECASE,
)
_ROUND = re.compile(r"illion|hundred|thousand|^\d+00+$", re.IGNORECASE)  # said without counting
_LOOSELY = re.compile(r"\b(?:like|some|about|around|past|last|\d) $", re.IGNORECASE)
_FUNCTION = "|".join(sorted(stop_words("en") - {"'s"}))
_GOES_ON = re.compile(rf" (?!(?:{_FUNCTION})\b)[a-z]", re.IGNORECASE)
_CAME_FROM = re.compile(rf"(?<!\w)(?!(?:{_FUNCTION}) )[a-z]+ (?:of )?$", re.IGNORECASE)


def lasting(sentence: str) -> bool:
    """Whether the sentence says of somebody what he is, does or has."""
    return _LASTING.search(sentence) is not None


def things(sentence: str, usage: Usage) -> list[Keyword]:
    """What somebody is said to have, do or be."""
    found = []
    for pattern in _THINGS:
        for match in pattern.finditer(sentence):
            thing = match.group("thing")
            tags = tagged(thing, usage).tags
            nouns = tags[-1] in ("NOUN", "NAME") and set(tags) <= {"NOUN", "NAME", "OTHER"}
            if nouns and thing.casefold() not in _NEVER_THINGS:
                found.append(Keyword(match.start("thing"), match.end("thing"), thing, "thing"))
    return found


def points(keyword: Keyword, sentence: str) -> int:
    """What speaks for a keyword of something said, and against it."""
    before, after = sentence[: keyword.start], sentence[keyword.end :]
    total = -2 * len(_PASSING.findall(sentence))
    if keyword.kind == "number" and not _UNITS.match(after):
        total -= 3
    if keyword.kind == "number" and _ROUND.search(keyword.text):
        total -= 3
    if _LOOSELY.search(before):
        total -= 3
    if keyword.kind in ("name", "place", "time") and _GOES_ON.match(after):
        total -= 3  # the Lyme of a disease, the Christmas of a tree
    if keyword.kind in ("name", "place") and keyword.text.islower() and _CAME_FROM.search(before):
        total -= 2
    if _OF_OTHERS.search(before):
        total -= 1
    ends = [match.end() for match in _LASTING.finditer(before)]
    if ends and len(before) - ends[-1] <= _NEAR:
        total += 3 if _ANYTHING_FOLLOWS.search(before, 0, ends[-1]) else 4
        total += keyword.kind == "place"
    return total
