"""Words by which a statement shows what it is about, and whether it holds, changes or takes something back.

They are common English words for the things that people tell of themselves. The writer that uses them
(`scripted_updating.py`) works where they are missing too: it then stores a statement as any other sentence.
"""

import re
from collections import Counter
from functools import lru_cache
from typing import Literal

Intent = Literal["state", "correct", "plan", "cancel", "forget"]

# (attribute, words that name it, words that go with it)
_CUES: tuple[tuple[str, str, str], ...] = (
    (
        "birthplace",
        r"born|birthplace|birth|maternity",
        r"midwi\w+|obstetrician",
    ),
    (
        "language",
        r"(?:first|native) language\w*|mother tongue|native speaker|speaking|spoke|spoken|language\w*",
        r"toddler|cradle|babbled|sang|word as a baby|translate\w*|speak",
    ),
    (
        "instrument",
        r"instrument\w*|played the|playing the|play the",
        r"practis\w+|practic\w+|concert|medals|as a child|primary school|lessons?|note",
    ),
    ("allergy", r"allerg\w+|antihistamines?", r"hives|swollen|immune|rash|skin test|react\w*"),
    (
        "dentist",
        r"dentist\w*|dental|teeth|tooth|molar",
        r"check-?up|drill|numb|appointment|surgery|\d{1,2}:\d{2}",
    ),
    (
        "door code",
        r"(?:door|entry|front door) code|door|keypad|entrance|doorbell|lock|combination",
        r"code|digits|let (?:you|her|him|them)(?:self)? in|building|\b\d{4}\b",
    ),
    (
        "phone",
        r"phone|phone number|mobile|sim|dial\w*|voicemail|line",
        r"call|ring\w*|text me|number|reach|contacts|digits|\b\d{6,11}\b",
    ),
    ("rent", r"rent|rents", r"a month|monthly|per month|euros?|pounds?|dollars?|pay\w*|\d{3,4}"),
    (
        "landlord",
        r"landlord|landlady|landlords",
        r"lease|rent from|owner of|owns|boiler|deposit|flat|repair\w*",
    ),
    (
        "project",
        r"project\w*|tracker",
        r"status|stage|board|team|deadline|milestone|kick-?off|working on",
    ),
    (
        "diet",
        r"diet\w*|vegan|vegetarian|eat|eating|eats|meals?|food",
        r"menu|cook\w*|plate|meat|dinner|lunch|kitchen|dish\w*|recipe",
    ),
    (
        "drink",
        r"drink\w*|sip\w*|thirst\w*|café|cafe|cup|glass",
        r"favourite|favorite|order|pour|taste|prefer|menu|adore\w*",
    ),
    (
        "gym",
        r"gym|gyms|work out|working out|workouts?|exercise",
        r"train\w*|membership|treadmill|weights|fitness|fit|squats|sweat\w*|locker",
    ),
    (
        "pet",
        r"pet|pets|animal|companion|leash|paws?|fur|furry|vet",
        r"feed|fed|walk\w*|whiskers|tail|cage|bowl|tank|bark\w*|adopt\w*",
    ),
    (
        "car",
        r"car|cars|drive|drives|driving|drove|vehicle",
        r"park\w*|garage|wheel\w*|engine|petrol|tyre\w*|windscreen|mechanic|keys|road",
    ),
    (
        "partner",
        r"partner|couple|relationship|girlfriend|boyfriend|wife|husband|go out with|valentine\w*|engagement",
        r"love|anniversary|marr\w+|ring|romantic|single|dinner|date|letter",
    ),
    ("sister", r"sister|sis|sibling\w*", r"mum and dad|parents|mother|brother|kids?|childhood"),
    (
        "flatmate",
        r"flatmates?|roommates?|housemates?|share (?:a flat|my kitchen)|shared flat",
        r"our (?:sink|kitchen|rent|shower|hall|place|flat)|cleaning|bills?|dishes|room|live together|roof",
    ),
    (
        "manager",
        r"manager|boss|report to|supervisor|line manager",
        r"appraisal|holiday|approved?|orders|sick|pay rise|at work|office|team|tasks|warning",
    ),
    (
        "employer",
        r"employer|employs?|employed|work for|works for|company|companies|staff|wages|payslip|payroll"
        r"|workplace",
        r"contract|colleagues|joined|quit|badge|boss|shift|hr|meeting|canteen|organi[sz]ation|weekdays"
        r"|office",
    ),
    (
        "job",
        r"job|job title|profession\w*|occupation|career|role|trade|living",
        r"title|business cards?|work|title|post|position|hired|payslip|keep|earn",
    ),
    (
        "city",
        r"live|lives|living|home|city|town|resident|moved|move|moving|relocat\w+|settled|settle|based"
        r"|postcode",
        r"flat|house|neighbou?rs?|street|address|furniture|unpacked|box|boxes|stairs|bed|apartment"
        r"",
    ),
)
_PATTERNS = tuple(
    (attribute, re.compile(rf"\b(?:{strong})\b"), re.compile(rf"\b(?:{weak})\b"))
    for attribute, strong, weak in _CUES
)
_ANY_CUE = re.compile(rf"\b(?:{'|'.join(f'{strong}|{weak}' for _, strong, weak in _CUES)})\b")
_STRONG_POINTS = 2


def _compile_phrases(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b")  # of a text in small letters


_FORGET = _compile_phrases(
    *(r"(?<!always )(?<!\bi )forget", "delete", "erase", "erasing", "wipe", "strike", "scrub"),
    *("purge", "unlearn"),
    *("get rid of (?:it|that|them)", "no trace", "remove (?:it|that|my)"),
    r"drop my [\w ]{1,30} (?:from|out)",
    *(r"take (?:it|that|my \w{1,20}) out", "not to (?:remember|keep)"),
    "(?:out of|from) your (?:records|notes)",
    r"(?:do not|don['’]t|didn['’]t|never) (?:want \w{1,20} \w{1,20} )?(?:keep|kept|store|hold on to|written)",
)
_CORRECTION = _compile_phrases(
    *("correction", "mistyped", "typo", "slip of the (?:tongue|pen|finger)", "by mistake"),
    *("in error", "misspoke"),
    *("mixed (?:it|that|things|them|this) up", "(?<!a )scratch", "autocorrect", "i meant"),
    "what i meant",
    *("meant to (?:say|write|type)", "plain wrong", "was wrong", "is false", "got (?:it|that) wrong"),
    *("put (?:it|that) right", "a fix for", "to fix", "never right", "was never", "silly me"),
    "no truth in",
)
_RETRACTION = _compile_phrases(
    *("not", "never", "wrong", "mistyped", "typo", "mistake", "error", "false", "ignore"),
    *("scratch", "no truth"),
    *("typed", "wrote", "autocorrect", "came out", "instead of", "go by", "forget", "disregard"),
    "at no point",
    *("slip", r"\w{2,7}n['’]t"),
)
_CANCELLATION = _compile_phrases(
    *("fell through", "fallen through", "called (?:it )?off", "cancelled", "canceled", "off the table"),
    *("change of heart", "come (?:of|to) nothing", "came to nothing", "backed out"),
    *("thought better", "never mind"),
    *("wasn['’]t to be", "not happening", "isn['’]t happening", "won['’]t be"),
    "after all(?! (?:the|this|those))",
    *("scrap what", "sticking with", "no change to", "here to stay", "stays? as it is"),
    *("still holds", "abandoned"),
    *("dropp(?:ed|ing) the idea", "as before"),
)
_PLAN = _compile_phrases(
    *("plan", "plans", "planning", "intend", "intends", "intention", "aim", "aiming", "goal"),
    "hop(?:e|ing) to",
    *("want to", "wanted to", "would like", "i['’]d like", "mean to", "going to", "about to"),
    "thinking of",
    *("considering", "one day", "some ?day", "at some point", "before long", "eventually"),
    "sooner or later",
    *("(?<!as )soon", "not yet", "yet", "in talks", "on the cards", "working towards"),
    "set my heart on",
    *("hunting", "expect to", "hoping", "pending", "reserved", "should have", "no decision"),
    *("for now", "so far"),
    *("it['’]d suit", "putting it off", "asked for", "but i haven['’]t", r"want \w{1,20} to"),
)
_CLAUSE_END = re.compile(r"(?<=[.!?:;,])\s+|\s(?=and (?:not|never|at no point)\b)")


@lru_cache(1 << 14)
def find_attribute(text: str) -> str | None:
    """Return what a statement is about, by the cue words in it; None where it has none of the words."""
    points: Counter[int] = Counter()
    for index, _, value in {hit for cue in _ANY_CUE.findall(text.lower()) for hit in _find_hits(cue)}:
        points[index] += value
    return _CUES[min(points, key=lambda index: (-points[index], index))][0] if points else None


@lru_cache(1 << 12)
def _find_hits(cue: str) -> frozenset[tuple[int, str, int]]:
    """Return (index of the attribute, words, points) for all cues in a cue."""
    return frozenset(
        (index, found, value)
        for index, (_, strong, weak) in enumerate(_PATTERNS)
        for pattern, value in ((strong, _STRONG_POINTS), (weak, 1))
        for found in pattern.findall(cue)
    )


def find_intent(text: str) -> Intent:
    """Return whether a statement states, corrects, plans, cancels a plan, or asks to forget something."""
    lowercase = text.lower()
    if _FORGET.search(lowercase):
        return "forget"
    if _CORRECTION.search(lowercase):
        return "correct"
    if _CANCELLATION.search(lowercase):
        return "cancel"
    return "plan" if _PLAN.search(lowercase) else "state"


def split_correction(text: str) -> tuple[str, str]:
    """Return the part of a correction that holds, and the part that takes something back."""
    clauses = _CLAUSE_END.split(text)
    holding = [clause for clause in clauses if not _RETRACTION.search(clause.lower())]
    retracting = [clause for clause in clauses if _RETRACTION.search(clause.lower())]
    return " ".join(holding), " ".join(retracting)
