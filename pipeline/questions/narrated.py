"""What a book tells: the facts of a narrative."""

import re

from pipeline.text.keywords import Keyword

LEAST_POINTS = 7

_KINDRED = re.compile(
    r"\b(?:sons?|daughters?|brother|sister|wife|husband|father|mother|cousin|king|queen|prince|governor|captain|"
    r"master|friend|servant|city|town|land|country|river|mount|valley|ship|house|name|named|called|native|born|"
    r"begat|married|lived|reigned|died|buried|dwelt) (?:of |was |is |in |to |at |by )?(?:the )?"
    r"(?:city of |name of )?$",
    re.IGNORECASE,
)
_TO_SOMEBODY = re.compile(r"\b(?:i|me|my|mine|you|your|thou|thee|thy|ye|we|us|our)\b", re.IGNORECASE)
_SIMPLE = re.compile(
    r"two|three|four|five|six|seven|eight|nine|ten|(?:an? )?(?:hundred|thousand|dozen|million)|third|fourth|"
    r"fifth|sixth|seventh|eighth|ninth|tenth",
    re.IGNORECASE,
)
_WEIGHTY = re.compile(
    r"[ -](?:\w+ )?(?:years?|months?|weeks?|days?|nights?|hours?|men|women|sons|daughters|children|wives|"
    r"brothers|sisters|kings|priests|servants|tribes|cities|ships|boats|whales|horses|chariots|oxen|bullocks|sheep|rams|"
    r"lambs|goats|talents|shekels|cubits|miles|leagues|acres|fathoms|pounds|guineas|shillings|crowns|dollars)\b",
    re.IGNORECASE,
)
_ANY = re.compile(r"\b[Tt]he $")  # the Frenchman, the Park: no name of one thing


def talk(sentence: str) -> int:
    """How much of a sentence is somebody's talk to somebody, of which little is told: 0, 2 or 4 points."""
    return 2 * ('"' in sentence) + 2 * bool(_TO_SOMEBODY.search(sentence))


def points(keyword: Keyword, sentence: str) -> int:
    """What speaks for a keyword of something told, and against it."""
    before = sentence[: keyword.start]
    total = -talk(sentence)
    if keyword.kind == "name" and _KINDRED.search(before):
        total += 2
    if keyword.kind == "number" and not _WEIGHTY.match(sentence, keyword.end):
        total -= 3 if _SIMPLE.fullmatch(keyword.text) else 1
    if _ANY.search(before):
        total -= 2
    return total
