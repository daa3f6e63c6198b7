"""Tell whether a reply says that the answer is not known.

Questions of the metric `abstain` have no answer in what was read. Right is a reply whose first sentence says
so and which does not go on to guess; what it tells beside (`You spoke of a cat, not of a hamster`) does not
matter.
"""

import re

from pipeline.text.normalize import fold_case

_NOT = r"(?:not|n't|never)"
_STATED = (
    r"(?:say|said|tell|told|state|stated|mention|mentioned|specify|specified|provide|provided|give|given|include|"
    r"included|indicate|indicated|know|known|clear|available|described|discussed|recorded|stored)"
)
_SUBJECT_MATTER = r"(?:information|info|idea|mention|answer|record|details?|evidence|data|memory|clue|way to)"
_ABSTENTION = re.compile(
    rf"{_NOT} (?:\w+ ){{0,3}}{_STATED}\b"
    rf"|(?:\b(?:no|without)|(?:\bnot|n't) (?:\w+ )?any) (?:\w+ ){{0,2}}{_SUBJECT_MATTER}\b"
    r"|\b(?:unknown|unanswerable|unspecified|unclear|undisclosed|n/a|not sure|not certain)\b"
    r"|\b(?:cannot|can ?not|can't|could not|couldn't|unable to|impossible to|not able to|not possible to) "
    r"(?:be )?(?:\w+ )?(?:answer|answered|determine|determined|say|tell|know|find|found|recall|inferred)\b"
    # German, Spanish, French, Chinese.
    r"|\b(?:wei(?:ß|ss) (?:ich |es )?nicht|nicht bekannt|unbekannt|keine (?:angabe|information)"
    r"|no (?:lo )?s[ée]|no se (?:menciona|sabe|dice)|desconocid[oa]|je ne sais pas|inconnue?"
    r"|pas (?:mentionn[ée]|pr[ée]cis[ée]|indiqu[ée]))"
    r"|不知道|未知|没有提到|未提及|没有提及|沒有提到|無法|无法(?:确定|回答)"
)
_GUESS = re.compile(
    r"\b(?:probably|perhaps|maybe|presumably|likely|(?:might|could|may) be|my (?:best )?guess"
    r"|i(?:'d| would) guess)\b"
)
_SENTENCE_END = re.compile(r"[.!?。！？\n]\s*")
_MAX_CHARACTERS = 2_000  # of a reply that are looked at


def is_abstention(reply: str) -> bool:
    """Return whether a reply says that the answer is not known, and makes no guess."""
    text = fold_case(reply[:_MAX_CHARACTERS]).replace("’", "'").strip()
    first_sentence = _SENTENCE_END.split(text, maxsplit=1)[0]
    return bool(_ABSTENTION.search(first_sentence)) and not _GUESS.search(text)
