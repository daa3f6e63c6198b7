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
_FIRST_OR_SECOND_PERSON = re.compile(
    r"\b(?:i|me|my|mine|you|your|thou|thee|thy|ye|we|us|our)\b", re.IGNORECASE
)
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


def score_dialogue(sentence: str) -> int:
    """Return 0, 2 or 4: how likely a sentence is dialogue, which tells few facts."""
    return 2 * ('"' in sentence) + 2 * bool(_FIRST_OR_SECOND_PERSON.search(sentence))


def score_keyword(keyword: Keyword, sentence: str) -> int:
    """Return the score of a keyword in a sentence of a narrative; below 0 where more speaks against it."""
    before = sentence[: keyword.start]
    total = -score_dialogue(sentence)
    if keyword.kind == "name" and _RELATION_BEFORE.search(before):
        total += 2
    if keyword.kind == "number" and not _UNITS.match(sentence, keyword.end):
        total -= 3 if _SIMPLE_NUMBER.fullmatch(keyword.text) else 1
    if _DEFINITE_ARTICLE.search(before):
        total -= 2
    return total
