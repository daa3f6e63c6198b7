"""Facts that users tell an assistant about themselves: what they did, have, bought, like, and when.

Such messages are written with care for capitals and full stops. A fact is a name, number, place or time in a
sentence in the first person. Wishes, plans and guesses tell less, and what the user asks for tells nothing.
"""

import re

from pipeline.questions.rules.name_edges import is_acronym, is_torn
from pipeline.text.keywords import Keyword

MIN_SCORE = 8

_FIRST_PERSON = re.compile(r"\W(?:I|[Mm]y|[Ww]e|[Oo]ur|[Mm]e|[Mm]ine|us)\b")
_HEDGE = re.compile(
    r"\W(?i:if|would|could|might|should|maybe|perhaps|probably|guess|wonder\w*|think(?:ing)?|gonna|can|will|"
    r"i'?ll|we'?ll|i'?d|hoping|hope|curious|considering|interested|looking (?:for|into|to)|want(?:ed|ing)?|"
    r"like to|suggest\w*|recommend\w*|mention(?:ed)?|sounds?|you|your|please|not sure|don't know|"
    r"learn(?:ing)? more)\b"
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
    """Return whether the sentence tells what its writer did, has or is, without wishing or guessing."""
    spaced = f" {sentence}"
    return _FIRST_PERSON.search(spaced) is not None and _DONE.search(spaced) is not None


def score_context(sentence: str) -> int:
    """Return the part of the score of a sentence's keywords that is the same for all of them."""
    spaced = f" {sentence}"
    return 2 * bool(_DONE.search(spaced)) - 2 * len(_HEDGE.findall(spaced))


def score_keyword(keyword: Keyword, sentence: str) -> int:
    """Return the score of a keyword in a user's sentence, beside `score_context`."""
    return -20 if is_torn(keyword, sentence) or is_acronym(keyword) else 0
