"""Facts of narratives, such as books."""

import re

from pipeline.questions.rules.name_edges import REJECTED
from pipeline.text.keywords import Keyword

MIN_SCORE = 7

_RELATION_BEFORE = re.compile(
    r"\b(?:sons?|daughters?|brother|sister|wife|husband|father|mother|cousin|king|queen|prince|governor|captain|"
    r"master|friend|servant|city|town|land|country|river|mount|valley|ship|house|name|named|called|native|born|"
    r"begat|married|lived|reigned|died|buried|dwelt) (?:of |was |is |in |to |at |by )?(?:the )?"
    r"(?:city of |name of )?$",
    re.IGNORECASE,
)
_MAX_RELATION_CHARS = 40  # more than _RELATION_BEFORE can match
PERSONS = frozenset("i me my mine you your thou thee thy ye we us our".split())  # the first and the second
FIRST_OR_SECOND_PERSON = re.compile(rf"\W(?i:{'|'.join(sorted(PERSONS))})\b")
_SIMPLE_NUMBER = re.compile(
    r"two|three|four|five|six|seven|eight|nine|ten|(?:an? )?(?:hundred|thousand|dozen|million)|third|fourth|"
    r"fifth|sixth|seventh|eighth|ninth|tenth",
    re.IGNORECASE,
)
_UNITS = re.compile(
    r"[ -](?:\w+ )?(?:years?|months?|weeks?|days?|nights?|hours?|men|women|sons|daughters|children|wives|"
    r"brothers|sisters|kings|priests|servants|tribes|cities|ships|boats|whales|horses|chariots|oxen|bullocks|sheep|rams|"
    r"lambs|goats|talents|shekels|cubits|miles|leagues|acres|fathoms|pounds|guineas|shillings|crowns|dollars)\b",
    re.IGNORECASE,
)
# A range says one thing, but for `from 17 to 19`, which tells two.
_RANGE_BEFORE = re.compile(r"(\bfrom )?\d[\d.,]{0,8}(?: (?:to|or) | ?[-–] ?)$")
_RANGE_AFTER = re.compile(r"(?: (?:to|or) | ?[-–] ?)\d")
_TOLD_BEFORE = re.compile(r"\b(?:is|are|was|called|named|by|with) $")
_MAX_TOLD_CHARS = 8  # more than _TOLD_BEFORE can match
_MAX_RANGE_CHARS = 20  # more than _RANGE_BEFORE can match
_DEFINITE_ARTICLE = re.compile(r"\b[Tt]he $")  # such as "the Frenchman": not the name of one thing


def score_context(sentence: str) -> int:
    """Return the part of the score of a sentence's keywords that is the same for all of them."""
    return -score_dialogue(sentence, FIRST_OR_SECOND_PERSON.search(f" {sentence}") is not None)


def score_keyword(keyword: Keyword, sentence: str) -> int:
    """Return the score of a keyword in a sentence of a narrative, beside `score_context`."""
    before = sentence[: keyword.start]
    total = 0
    if keyword.kind == "number" and _is_range_end(keyword, sentence):
        return REJECTED
    if keyword.kind == "name" and _RELATION_BEFORE.search(before, max(0, len(before) - _MAX_RELATION_CHARS)):
        total += 2
    if keyword.kind == "number" and not _UNITS.match(sentence, keyword.end):
        total -= 3 if _SIMPLE_NUMBER.fullmatch(keyword.text) else 1
    if _DEFINITE_ARTICLE.search(before, max(0, len(before) - 4)):
        total -= 2
    return total


def _is_range_end(keyword: Keyword, sentence: str) -> bool:
    before = sentence[max(0, keyword.start - _MAX_RANGE_CHARS) : keyword.start]
    first = _RANGE_BEFORE.search(before)
    is_first = _RANGE_AFTER.match(sentence, keyword.end) and not before.endswith("from ")
    return bool(is_first or (first and not first[1]))


def is_told_name(keyword: Keyword, sentence: str) -> bool:
    """Return whether a sentence says who or what somebody or something is: `the vet is Dr Halvorsen`."""
    before = sentence[max(0, keyword.start - _MAX_TOLD_CHARS) : keyword.start]
    return keyword.kind == "name" and _TOLD_BEFORE.search(before) is not None


def score_dialogue(sentence: str, has_first_or_second_person: bool) -> int:
    """Return 0, 2 or 4: how likely a sentence is dialogue, which tells few facts."""
    return 2 * ('"' in sentence) + 2 * has_first_or_second_person
