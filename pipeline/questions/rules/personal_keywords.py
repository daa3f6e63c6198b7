"""Keywords of a message that its own sentence shows, however few words the source has.

`conversation_facts` and `extract_keywords` ask the statistics of the source what a name and a noun is. A chat
of two friends is too short for that: most of its names stand there once. Here a name is what has a capital
inside a sentence of careful casing, or follows `named` or `moved to`; a thing follows `I adopted a`.
"""

import re
from collections.abc import Iterator, Sequence

from pipeline.questions.rules.name_edges import is_torn
from pipeline.questions.rules.statements import ADVERBS, FIRST_PERSON, KIN, RELATIVE, is_whole
from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import Keyword, KeywordKind
from pipeline.text.lexicon import DAYS, EVENTS, LOCATIVE_WORDS, MONTHS, NON_NAMES, TITLES
from pipeline.text.normalize import fold_case
from pipeline.text.stop_words import stop_words

# Capitals tell names where the sentence begins with one, has no small `i`, and does not shout.
_SMALL_I = re.compile(r"(?<![\w'’])i(?:['’]?(?:m|ve|ll|d))?(?![\w'’])")
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
_CAPITALIZED = re.compile(
    r"(?:(?<=[a-z,;] )|(?<=[a-z]['’]s ))(?:(?:Dr|Mrs?|Ms|St)\. )?(?!I\b)[A-Z][\w'’&-]*"
    r"(?: (?:(?:of|de|von|van|the|del) ){0,2}[A-Z][\w'’&-]*)*"
)
_TITLE_CASE = re.compile(
    r"(?:[A-Z]\.?|of|de|von|van|the|del|&|(?:Mc|Mac|O['’]|D['’])?[A-Z][a-zà-ÿ'’]+\.?)(?:-[\w'’]+){0,3}|[A-Z]{2,4}"
)
_WRITTEN_OUT = re.compile(r"[A-Z][a-zà-ÿ]")
_POSSESSIVE = re.compile(r"['’]s?$")
_NO_LAST_WORDS = (
    NON_NAMES
    | TITLES
    | frozenset(
        """mom mum mommy mama dad daddy papa mother father grandma grandpa granny gran nana auntie aunt uncle
    sis bro dude jesus school semester tv pc dm english internet happy merry love hey hi hello yes
    no yeah thanks sorry the a an my your his her our their this that these those""".split()
    )
)
_NO_FIRST_WORDS = frozenset(["called", "named", "by"])

_TAKES = (
    "(?:adopted|bought|sold|lost|broke|broken|ordered|owns?|owned|rented|renting|built|inherited|baked|joined|quit|"
    "booked|hurt|sprained|drives?|plays?|stole|crashed)"
)
_OBJECT = re.compile(rf"\W(?i:(?:{FIRST_PERSON}|{RELATIVE}) {ADVERBS}{_TAKES} (?:an?|my|our) )")
_ADJECTIVES = frozenset(
    """good great nice new old big little small large long short young bad best better worst huge tiny cute
    sweet cool hot cold cheap free full real whole own other another black white red blue green
    orange yellow purple pink brown grey gray bright dark used vintage retired pet former private
    certified professional pretty super very really total such first last next hard soft heavy light
    fancy fast slow weird strange crazy sick poor rich perfect proper wooden electric amazing
    awesome gorgeous giant stray rescue""".split()
)
_ADJECTIVE_ENDINGS = ("ful", "ous", "able", "ible", "less", "ish", "est", "ier", "-old", "ive")
_NO_NOUN_ENDINGS = ("ly", "ed", *_ADJECTIVE_ENDINGS)
_MIN_STEM = 2  # letters before an ending
# Nouns that say little, people, feelings and abilities.
_LIGHT_NOUNS = frozenset(
    """ability account appointment aunt baby balance bit blast boy boyfriend break brother bunch call
    chance chat child choice clue cold connection connections conversation couple cousin crush dad
    date day days deal decision dinner dream drink enchantment evening exam experience faith family
    fan father fear feeling few friend fun girl girlfriend goal grandma grandpa guy habit hair half
    hand head headache heart hobby home hour human idea idiot interest job kid kids kind life look
    loser lot lunch major man meal meeting member memory mess message mind minor mom minute mother
    mum mistake moment money month morning motivation name nap need news night number opinion pain
    parent part patience people person phase piece place plan plans point problem question reason
    reputation rest roommate sanity semester senior set shot shower side sister sleep sort spot
    start story student stuff talk teenager temper test text thing things thought time times ton try
    turn type uncle voice way week weekend wish woman work year years""".split()
)
_PHRASE_END_WORDS = stop_words("en") | frozenset(
    """yesterday today tomorrow tonight last next this ago again soon lately online instead together near
    hmm hm lol haha btw tho though rn atm til till cuz bc cause since during using named called off
    right already either""".split()
)
_WORD = re.compile(r"[^\W_][\w'’+#-]*")
_PHRASE_END_MARKS = ".,;:!)…"
_MAX_PHRASE_WORDS = 3
_MAX_THING_WORDS = 2

_NAMED = re.compile(
    r"\W(?i:(?:(?:have|has|had|got|adopted|bought|is|was|['’]s|started|opened|joined|run|runs|in|at|from) "
    r"(?:an?|my|our|the) (?:[\w-]+ ){1,3}|"
    rf"(?:my|our) (?:[\w-]+ ){{0,2}}{KIN}(?:['’]s name)? (?:is |was )?)(?:named|called) (?=[a-z]))"
)
_TO_PLACE = re.compile(
    r"\W(?i:(?:moved|moving|moves|flying|flew|relocat(?:ed|ing)|accepted|transferr(?:ed|ing)) "
    r"(?:back |over )?(?:to|into)|(?:lives?|lived|living|born|grew up|raised|staying) in|"
    rf"(?:i['’]?m|i am|we['’]re|we are|(?:he|she)(?:['’]s| is| was)|{KIN} (?:is|are|was|were)) from) "
    "(?=[a-z])"
)
_NO_PLACES = frozenset(
    """abroad all america another anywhere apartment apartments away back bed both bothers campus church
    college constant debt different dorm dorms downstairs downtown everyone everywhere fear general
    heaven hell here high home house housing inside love many multiple new nowhere old one other
    outside peace people poverty school several sin sleep small somewhere tears there three today
    town two upstairs uptown work""".split()
)
_CLOCK = re.compile(r"(?<![\d:.-])(?:[01]?\d|2[0-3]):[0-5]\d(?![\d:])(?: ?[ap]m\b)?", re.IGNORECASE)
_OCCASION = re.compile(
    r"\b(?:flight|plane|train|bus|ferry|boat|lands|arrives|leaves|wedding|funeral|interview|exam|appointment|"
    r"concert|ceremony|birthday|baptism|opening|deadline|due|hearing|surgery|operation|party)\b",
    re.IGNORECASE,
)


def find_keywords(sentence: str, known: Sequence[Keyword], statistics: WordStatistics) -> list[Keyword]:
    """Return what a sentence shows to be a name, place, thing or time, beside the `known` keywords.

    None overlaps another. `statistics`: the words of the source, which can tell that a word is not a name.
    """
    found: list[Keyword] = []
    for keyword in (
        *_find_times(sentence),
        *_find_capitalized(sentence, statistics),
        *_find_named(sentence),
        *_find_lowercase_places(sentence, statistics),
        *find_objects(sentence, _OBJECT, statistics),
    ):
        overlaps = any(keyword.start < one.end and one.start < keyword.end for one in (*known, *found))
        if not overlaps and is_whole(keyword, sentence):
            found.append(keyword)
    return found


def find_names(sentence: str, known: Sequence[Keyword], statistics: WordStatistics) -> list[Keyword]:
    """Return the names and places of a note, beside the `known` keywords, by their capitals.

    A source of notes has most names once, so that statistics do not know them.
    """
    found = []
    for keyword in _find_capitalized(sentence, statistics):
        overlaps = any(keyword.start < one.end and one.start < keyword.end for one in known)
        is_written_out = _WRITTEN_OUT.search(keyword.text) is not None  # not in capitals alone
        if is_written_out and not overlaps and is_whole(keyword, sentence) and not is_torn(keyword, sentence):
            found.append(keyword)
    return found


def _find_times(sentence: str) -> Iterator[Keyword]:
    """Yield times of a clock, where the sentence is about an occasion."""
    for match in _CLOCK.finditer(sentence) if _OCCASION.search(sentence) else ():
        yield Keyword(match.start(), match.end(), match.group(), "time")


def _has_careful_casing(sentence: str) -> bool:
    is_shouted = len(_SHOUTED.findall(sentence)) > 1
    return sentence[:1].isupper() and not _SMALL_I.search(sentence) and not is_shouted


def _find_capitalized(sentence: str, statistics: WordStatistics) -> Iterator[Keyword]:
    """Yield names by their capitals. A word that the source mostly writes without is not one."""
    if not _has_careful_casing(sentence):
        return
    for match in _CAPITALIZED.finditer(sentence):
        text = _POSSESSIVE.sub("", match.group())
        before = sentence[: match.start()].split()
        kind: KeywordKind = "place" if before[-1:] and before[-1].lower() in LOCATIVE_WORDS else "name"
        if _may_be_name(text, kind, statistics):
            yield Keyword(match.start(), match.start() + len(text), text, kind)


def _may_be_name(text: str, kind: KeywordKind, statistics: WordStatistics) -> bool:
    words = fold_case(text).replace(".", "").split()
    if words[-1] in _NO_LAST_WORDS or words[0] in _NO_FIRST_WORDS:
        return False
    if text.isupper() or not all(map(_TITLE_CASE.fullmatch, text.split())):
        return False
    if all(word in MONTHS or word.removesuffix("s") in DAYS or word in DAYS for word in words):
        return False
    if len(words) > 1:
        return True
    if kind == "name" and statistics.has_careless_casing:  # maybe a slip of dictation
        return False
    return 4 * statistics.lowercase[words[0]] <= statistics.capitalized[words[0]]


def _find_named(sentence: str) -> Iterator[Keyword]:
    """Yield names after `have a dog named` and the like, however they are written."""
    for match in _NAMED.finditer(f" {sentence}"):
        words = _read_phrase(sentence, match.end() - 1)
        if words:
            yield _join(sentence, words, "name")


def _find_lowercase_places(sentence: str, statistics: WordStatistics) -> Iterator[Keyword]:
    """Yield places after `moved to` and the like, of one or two words without an article."""
    for match in _TO_PLACE.finditer(f" {sentence}"):
        words = _read_phrase(sentence, match.end() - 1)
        texts = [fold_case(word.group()) for word in words]
        if not 1 <= len(words) <= _MAX_THING_WORDS or sentence.startswith(" of ", words[-1].end()):
            continue
        if all(_may_be_place(text, statistics) for text in texts):
            yield _join(sentence, words, "place")


def _may_be_place(word: str, statistics: WordStatistics) -> bool:
    has_no_ending = word.endswith("ing") or _has_ending(word, _NO_NOUN_ENDINGS)
    return (
        word.isalpha()
        and word not in _NO_PLACES
        and not has_no_ending
        and statistics.after_determiner[word] < 2
    )


def find_objects(sentence: str, verb: re.Pattern[str], statistics: WordStatistics) -> Iterator[Keyword]:
    """Yield the things after a verb: a noun, maybe with another one before it.

    Args:
        sentence: The sentence.
        verb: What stands before a thing, its article too; searched for with a space before the sentence.
        statistics: The words of the source, which tell what is a noun.
    """
    for match in verb.finditer(f" {sentence}"):
        words = _read_phrase(sentence, match.end() - 1)
        while words and _is_adjective(words[0].group().lower()):
            words = words[1:]
        texts = [fold_case(word.group()) for word in words]
        if not 1 <= len(words) <= _MAX_THING_WORDS or not all(map(_is_plain, texts)):
            continue
        is_named_or_part = sentence.startswith((" of ", " named ", " called "), words[-1].end())
        if _may_be_thing(texts[-1], statistics) and not is_named_or_part:
            yield _join(sentence, words, "thing")


def _is_adjective(word: str) -> bool:
    is_compound = "-" in word and word.endswith("ed")  # such as three-legged
    return word in _ADJECTIVES or is_compound or _has_ending(word, _ADJECTIVE_ENDINGS)


def _has_ending(word: str, endings: tuple[str, ...]) -> bool:
    return word[_MIN_STEM:].endswith(endings)


def _is_plain(word: str) -> bool:
    return word.isalpha() and not word.endswith("ed")


def _may_be_thing(word: str, statistics: WordStatistics) -> bool:
    """Return whether a word can be a thing: the source writes it after articles as often as nouns are."""
    if word in _LIGHT_NOUNS or word in EVENTS or _has_ending(word, _NO_NOUN_ENDINGS):
        return False
    return 4 * statistics.after_determiner[word] >= statistics.lowercase[word]


def _read_phrase(sentence: str, start: int) -> list[re.Match[str]]:
    """Return up to three words from `start` on, to a mark or a word that ends a phrase; [] for more."""
    words: list[re.Match[str]] = []
    position = start
    while len(words) <= _MAX_PHRASE_WORDS:
        match = _WORD.match(sentence, position)
        word = match.group().lower() if match else ""
        if match is None or word in _PHRASE_END_WORDS or (words and word.endswith("ing")):
            return words
        words.append(match)
        position = match.end()
        if sentence[position : position + 1] != " ":
            is_end = position == len(sentence) or sentence[position] in _PHRASE_END_MARKS
            return words if is_end and len(words) <= _MAX_PHRASE_WORDS else []
        position += 1
    return []


def _join(sentence: str, words: Sequence[re.Match[str]], kind: KeywordKind) -> Keyword:
    start, end = words[0].start(), words[-1].end()
    return Keyword(start, end, sentence[start:end], kind)
