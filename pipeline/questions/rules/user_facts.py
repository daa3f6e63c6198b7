"""Facts that users tell an assistant about themselves: what they did, have, bought, like, and when.

Such messages are written with care for capitals and full stops. A fact is a name, number, place or time in a
sentence in the first person. Wishes, plans and guesses tell less, and what the user asks for tells nothing.
"""

import re
from collections.abc import Sequence

from pipeline.questions.rules.halves import is_estimate
from pipeline.questions.rules.name_edges import REJECTED, is_acronym, is_torn
from pipeline.text.keywords import Keyword, KeywordKind
from pipeline.text.lexicon import DAYS, LOCATIVE_WORDS, MONTHS

MIN_SCORE = 8

_CAPITALIZED = re.compile(r"(?<=[a-z,;] )(?!I\b)[A-Z][\w&-]*+(?: [A-Z][\w&-]*+)*")
_FIRST_PERSON = re.compile(r"\W(?:I|[Mm]y|[Ww]e|[Oo]ur|[Mm]e|[Mm]ine|us)\b")
_HEDGE = re.compile(
    r"\W(?i:if|would|could|might|should|maybe|perhaps|probably|guess|wonder\w*|think(?:ing)?|gonna|can|will|"
    r"i'?ll|we'?ll|i'?d|hoping|hope|curious|considering|interested|looking (?:for|into|to)|want(?:ed|ing)?|"
    r"like to|suggest\w*|recommend\w*|mention(?:ed)?|sounds?|you|your|please|not sure|don't know|"
    r"learn(?:ing)? more)\b"
)
# What a user asks for: its numbers are wishes, and its names may tell of him.
_REQUEST = re.compile(
    r"\W?(?:(?:please|now|then|and|also|ok|okay|so),? ){0,2}(?:add|ask|calculate|change|compare|convert|"
    r"create|cut|divide|double|draft|explain|find|fix|generate|give|halve|help|keep|let|limit|list|make|"
    r"mention|plan|propose|put|recommend|reduce|remind|rewrite|round|scale|send|set|shorten|show|suggest|"
    r"summari[sz]e|tell|translate|turn|use|write)\b(?! that\b)",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\W(?:(?:I|[Ww]e)(?:'ve| have)? "
    r"(?:also |just |recently |actually |finally |already |even |once |always |only )*"
    r"(?!(?:need|feed|agreed)\b)(?:\w+ed|got|bought|went|met|had|made|took|won|lost|sold|ran|read|saw|spent|"
    r"gave|was|were|been|am|have|own|live|work|play|use|drive|speak|study|teach|drove|flew|paid|led|wrote|"
    r"began|came|left|found|did)|I'm (?:from|in|an?|the|on|at|\d+)|"
    r"[Mm]y (?:\w+ ){1,3}(?:is|was|are|were|has|had|got|gave|lives|works|named|called))\b"
)


def states_fact(sentence: str) -> bool:
    """Return whether the sentence tells of its writer, without wishing or guessing more than once."""
    spaced = f" {sentence}"
    return _FIRST_PERSON.search(spaced) is not None and len(_HEDGE.findall(spaced)) < 2


def find_names(sentence: str, known: Sequence[Keyword]) -> list[Keyword]:
    """Return the names of a sentence beside the `known` ones: what has capitals inside it.

    A name that a source has once is not known from its words' statistics.
    """
    names = []
    for match in _CAPITALIZED.finditer(sentence):
        start, end = match.span()
        words = match.group().lower().split()
        is_calendar = all(word in MONTHS or word in DAYS for word in words)
        if is_calendar or any(start < one.end and one.start < end for one in known):
            continue
        before = sentence[:start].split()
        kind: KeywordKind = "place" if before and before[-1].lower() in LOCATIVE_WORDS else "name"
        names.append(Keyword(start, end, match.group(), kind))
    return names


def score_context(sentence: str) -> int:
    """Return the part of the score of a sentence's keywords that is the same for all of them."""
    spaced = f" {sentence}"
    return 2 * bool(_DONE.search(spaced)) - 2 * len(_HEDGE.findall(spaced))


def score_keyword(keyword: Keyword, sentence: str) -> int:
    """Return the score of a keyword in a user's sentence, beside `score_context`."""
    if is_torn(keyword, sentence) or is_acronym(keyword):
        return REJECTED
    if keyword.kind in ("number", "time") and _REQUEST.match(sentence):
        return REJECTED
    if keyword.kind == "number" and is_estimate(keyword, sentence):
        return REJECTED
    return -2 if keyword.text.lower() in DAYS else 0
