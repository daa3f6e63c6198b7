"""Plain facts of people's messages, for instances in which the other rules find few.

`conversation_facts` asks for what lasts, after a person and a verb. People who write in short messages say
little in this form. Here a fact is what is a fact in any sentence: a name after `called`, a place after `in`,
a date, an amount with its unit, the reply to a question (`plain_cues`). Several content words have to stand
around it or in the messages before it, and the sentence is not a guess, a question or a request.
"""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from pipeline.questions.rules import statements
from pipeline.questions.rules.chat_context import Message, choose_context, find_wanted, telling_words
from pipeline.questions.rules.conversation_facts import HEDGE, has_lasting_fact
from pipeline.questions.rules.facts import ADJECTIVE_ENDING, VAGUE_OPENING, Fact, is_given_away
from pipeline.questions.rules.halves import is_half
from pipeline.questions.rules.name_edges import is_acronym, is_torn
from pipeline.questions.rules.plain_cues import MONTH, SCORES, find_cues
from pipeline.text.casing import WordStatistics
from pipeline.text.chat_words import FILLERS
from pipeline.text.keywords import Keyword, SentenceTagger
from pipeline.text.lexicon import DAYS, MONTHS, TITLES
from pipeline.text.normalize import fold_case
from pipeline.text.stop_words import stop_words

MIN_CHARS = 2  # of a sentence
MIN_SCORE = 7
_MIN_CONTEXT_WORDS = 3  # around the fact, as the check of ambiguous clozes wants them
_MAX_CONTEXT_WORDS = 6  # more of them do not raise the score
_MAX_EARLIER_WORDS = 2  # nor more than these of the messages before
_MAX_FREQUENCY = 12  # of a name in the instance; a more frequent one is who the chat is about

_ESTIMATE = re.compile(
    r"(?:\b(?:about|around|abt|bout|like|maybe|some|almost|over|under|nearly|or|every|past|last|next|up to|"
    r"least|most)|\d(?: ?(?:-|–|to|or|and|n))) $",
    re.IGNORECASE,
)
_RANGE_BEFORE = re.compile(
    rf"(?:{MONTH}|\d|\d(?:st|nd|rd|th)) (?:to|and|n|or|until|till?) (?:the )?$", re.IGNORECASE
)
_ESTIMATE_AFTER = re.compile(r"(?: \w+)? or (?:so|more|less|two|three)\b", re.IGNORECASE)
_DIGIT_AFTER = re.compile(r" ?\d")
_PARTICLE = re.compile(r"\b(?:de|der|den|del|di|da|la|le|el|van|von) $")
_MAX_EDGE_CHARS = 24  # more than these three can match
_FILLER_START = r"\W?(?:(?:please|pls|plz|just|then|and|n|so|ok|okay|hey|but|ye|yea|yeah|oh|lol|omg),? ){0,3}"
_REQUEST = re.compile(
    rf"{_FILLER_START}(?:ask|bring|call|check|come|do|don['’]?t|get|give|go|have|let|let['’]?s|look|make|put|"
    r"remember|remind|say|see|send|show|take|tell|text|try|use|wait|wear|wish|happy|merry|good luck|thanks?|"
    r"thx|ty|what|who|when|where|why|how|which|is|are|was|were|did|does|can|could|should|would|will|wanna|"
    r"want|what['’]?s|who['’]?s|how['’]?s|where['’]?s|r|u|ur|wld|cld|shld|guess|imagine|any|anyone)\b",
    re.IGNORECASE,
)
_CASUAL_HEDGE = re.compile(
    r"\b(?:prob|probs|dunno|wanna|kidding|jk|joking|hopefully|hope|whatever)\b", re.IGNORECASE
)
_PERSON = re.compile(
    r"(?<!\w)(?:i|we|my|our|he|she|they|his|her|their)(?:['’](?:m|s|re|ve|d))?(?!\w)"
    r"|(?<!\w)(?:im|ive|hes|shes|theyre|theyve|weve)(?!\w)",
    re.IGNORECASE,
)
# The person is left out: `took it. moving 24 may`.
_DROPPED_PERSON = re.compile(
    rf"{_FILLER_START}(?:just |also |finally )?(?:got|booked|bought|took|moving|moved|start(?:ed|ing|s)?|"
    r"leaving|leaves|flying|flew|landed|sold|lost|found|met|paid|signed|joined|quit|passed|failed|won|ordered|"
    r"applied|offered|visiting|staying|working|went|back|off|did|made|born|found|spent|had|sent|ran|been)\b",
    re.IGNORECASE,
)
_OTHER_PERSON = re.compile(
    r"(?<!\w)(?:he|she|they|it|him|her|them|his|their|hes|shes|theyre|its|mine|yours|ours|theirs)(?!\w)",
    re.IGNORECASE,
)
# A sentence with such a subject says nothing without the messages before it.
_PRONOUN_SUBJECT = re.compile(
    r"\W?(?:(?:and|but|so|yes|yeah|yep|ok|well|no|oh|nah),? )?"
    r"(?:(?:he|she|they|it|mine|yours|ours|theirs|hers)(?:['’]?(?:s|re|d|ll|ve))? "
    r"|(?:this|that|these|those)(?:['’]?s| is| was| are| were| costs?) )",
    re.IGNORECASE,
)
_NO_NAMES = TITLES | frozenset(
    """mom mum mommy mama dad daddy papa grandma grandpa granny gran nana auntie god jesus lol haha dear love
    english internet ok okay yes no well oh hi hey hello sorry thanks xmas bday""".split()
)


@dataclass(frozen=True, slots=True)
class ChatWords:
    """The words of an instance of people's messages."""

    counts: Mapping[str, int]  # how often each word, case folded, occurs
    statistics: WordStatistics  # of the instance alone
    speakers: Set[str]  # the words of the names of those who chat


@dataclass(frozen=True, slots=True)
class PlainFact:
    """A plain fact, with the messages that tell what its sentence is about; none where it does itself."""

    fact: Fact
    context: Sequence[Message] = ()


def find_plain_fact(
    sentence: str,
    tagger: SentenceTagger,
    words: ChatWords,
    before: Sequence[Message] = (),
    speaker: str = "",
) -> PlainFact | None:
    """Return the plain fact of a sentence that is most worth asking for, or None where there is none.

    Args:
        sentence: Of a person's message.
        tagger: Knows the words of the whole source.
        words: Those of the instance.
        before: The messages right before the sentence, in order.
        speaker: Who wrote the sentence.
    """
    if HEDGE.search(f" {sentence}") or _REQUEST.match(sentence) or _CASUAL_HEDGE.search(sentence):
        return None
    wanted = find_wanted(before, speaker)
    is_about_person = bool(_PERSON.search(sentence) or _DROPPED_PERSON.match(sentence))
    is_lasting = has_lasting_fact(sentence)
    context_score = 2 * is_about_person + 2 * is_lasting - (VAGUE_OPENING.match(sentence) is not None)
    facts = []
    for keyword, cue in find_cues(sentence, tagger, words.statistics, wanted):
        if (cue == "name" and not is_lasting) or (cue == "place" and not is_about_person):
            continue
        keyword = _cut_addressee(keyword, words.speakers)
        if not _is_fact(keyword, cue, sentence, words):
            continue
        rest = f"{sentence[: keyword.start]} {sentence[keyword.end :]}"
        around = telling_words(rest)
        refers_back = wanted or _OTHER_PERSON.search(sentence[: keyword.start])
        needs_antecedent = cue == "reply" or _PRONOUN_SUBJECT.match(sentence, 0, keyword.start)
        needs_context = len(around) < _MIN_CONTEXT_WORDS or refers_back or needs_antecedent
        context = choose_context(rest, keyword.text, before) if needs_context else []
        earlier = set[str]().union(*(telling_words(one.text) for one in context)) - around
        if len(around) + len(earlier) < _MIN_CONTEXT_WORDS or (needs_antecedent and not context):
            continue
        num_words = len(around) + min(len(earlier), _MAX_EARLIER_WORDS)
        score = SCORES[cue] + min(num_words, _MAX_CONTEXT_WORDS) + context_score
        if score >= MIN_SCORE:
            fact = Fact(keyword.start, keyword.end, keyword.text, keyword.kind, score)
            facts.append(PlainFact(fact, context))
    return max(facts, key=lambda one: (one.fact.score, -one.fact.start), default=None)


def _cut_addressee(keyword: Keyword, speakers: Set[str]) -> Keyword:
    """Return a thing without the name of the person who is addressed, as in `he played the cowbell Priya`."""
    text = keyword.text
    while keyword.kind == "thing" and " " in text and fold_case(text.rpartition(" ")[2]) in speakers:
        text = text.rpartition(" ")[0]
    return Keyword(keyword.start, keyword.start + len(text), text, keyword.kind)


def _is_fact(keyword: Keyword, cue: str, sentence: str, words: ChatWords) -> bool:
    is_name = keyword.kind in ("name", "place")
    if is_name and not _may_be_name(keyword, cue, words):
        return False
    is_part = _is_part(keyword, cue, sentence) or is_half(keyword, sentence)
    return not is_part and not is_given_away(keyword, sentence)


def _may_be_name(keyword: Keyword, cue: str, words: ChatWords) -> bool:
    names = fold_case(keyword.text).replace(".", "").split()
    while len(names) > 1 and names[0] in TITLES:
        names = names[1:]
    if is_acronym(keyword) or words.speakers & set(names) or _NO_NAMES & set(names):
        return False
    if any(name in MONTHS or name in DAYS or name.removesuffix("s") in DAYS for name in names):
        return False
    if stop_words("en").issuperset(names) or FILLERS.issuperset(names):
        return False
    if cue == "reply":
        return True
    if ADJECTIVE_ENDING.search(keyword.text):
        return False
    if cue == "name" and min(words.counts.get(name, 0) for name in names) > _MAX_FREQUENCY:
        return False
    if keyword.text[0].islower() or len(names) > 1 or cue == "called":
        return True
    is_repeated = cue != "name" or words.statistics.capitalized[names[0]] > 1  # else maybe a slip
    return is_repeated and not words.statistics.lowercase[names[0]]


def _is_part(keyword: Keyword, cue: str, sentence: str) -> bool:
    """Return whether a keyword is a part of a longer name or of a list, or an estimate."""
    before = sentence[max(0, keyword.start - _MAX_EDGE_CHARS) : keyword.start]
    if keyword.kind == "number":
        is_label = not before and cue not in ("reply", "count", "amount")
        is_cut = keyword.text[-1].isalpha() and _DIGIT_AFTER.match(sentence, keyword.end)  # 6ft 3
        is_estimate = _ESTIMATE.search(before) or _ESTIMATE_AFTER.match(sentence, keyword.end)
        return bool(is_label or is_cut or is_estimate)
    if keyword.kind == "time" and _RANGE_BEFORE.search(before):
        return True
    if not statements.is_whole(keyword, sentence):
        return True
    is_abbreviated = sentence.startswith(". ", keyword.end) and len(keyword.text) < 4  # such as St. Oswald
    return keyword.text[0].isupper() and (
        is_abbreviated or _PARTICLE.search(before) is not None or is_torn(keyword, sentence)
    )
