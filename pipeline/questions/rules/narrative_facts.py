"""Facts of narratives, such as books."""

import re

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
_DEFINITE_ARTICLE = re.compile(r"\b[Tt]he $")  # such as "the Frenchman": not the name of one thing


def score_context(sentence: str) -> int:
    """Return the part of the score of a sentence's keywords that is the same for all of them."""
    return -score_dialogue(sentence, FIRST_OR_SECOND_PERSON.search(f" {sentence}") is not None)


def score_keyword(keyword: Keyword, sentence: str) -> int:
    """Return the score of a keyword in a sentence of a narrative, beside `score_context`."""
    before = sentence[: keyword.start]
    total = 0
    if keyword.kind == "name" and _RELATION_BEFORE.search(before, max(0, len(before) - _MAX_RELATION_CHARS)):
        total += 2
    if keyword.kind == "number" and not _UNITS.match(sentence, keyword.end):
        total -= 3 if _SIMPLE_NUMBER.fullmatch(keyword.text) else 1
    if _DEFINITE_ARTICLE.search(before, max(0, len(before) - 4)):
        total -= 2
    return total


def score_dialogue(sentence: str, has_first_or_second_person: bool) -> int:
    """Return 0, 2 or 4: how likely a sentence is dialogue, which tells few facts."""
    return 2 * ('"' in sentence) + 2 * has_first_or_second_person
