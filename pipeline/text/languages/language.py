"""The facts about a language that rules need: the words of dates and numbers, cues of names, wordings.

A language is one module of this folder, which holds a `SpacedLanguage` or an `UnspacedLanguage`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property

from pipeline.text.normalize import fold_case
from pipeline.text.stop_words import stop_words


@dataclass(frozen=True)
class Language:
    """The fields that all languages have. Patterns are regular expressions, in which case does not matter.

    A lead is the first line of a cloze question. Its fields are {speaker}, {where} and {when}; `{when}` is
    `spoken_when` with {time}, or `read_when` with {date}, or empty.
    """

    code: str
    spoken_lead: str
    spoken_when: str
    read_lead: str
    read_when: str
    months: Mapping[str, int]
    decimal_mark: str
    negations: frozenset[str]
    vague_openings: frozenset[str]  # a sentence that begins with one leans on the sentence before it
    persons: frozenset[str]  # words for the first and second person
    hedges: frozenset[str]  # words of a sentence that states no fact
    approximations: frozenset[str]  # words before a number that is a guess
    lasting_facts: tuple[str, ...]  # patterns of sentences in which a person tells of their life
    thing_patterns: tuple[str, ...]  # with the group `thing`: what a person has, does or is
    allowed_chars: range  # characters of a usable sentence

    def __post_init__(self) -> None:
        """Fold the case of all words, as the words of a text are folded: ß is ss."""
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, frozenset):
                object.__setattr__(self, one.name, frozenset(map(fold_case, value)))
            elif isinstance(value, Mapping):
                object.__setattr__(self, one.name, {fold_case(word): value[word] for word in value})

    @cached_property
    def stop_words(self) -> frozenset[str]:
        """The stop words of spaCy's list."""
        return frozenset(map(fold_case, stop_words(self.code)))


@dataclass(frozen=True)
class SpacedLanguage(Language):
    """A language that puts spaces between words."""

    number_words: Mapping[str, int]
    scales: Mapping[str, int]  # words that multiply the number before them
    number_joiners: frozenset[str] = frozenset()  # words inside a number, such as `y` in Spanish
    date_joiners: frozenset[str] = frozenset()  # words between day, month and year
    ordinal_marks: frozenset[str] = frozenset()  # what follows the number of a day: `.`, `er`
    elisions: frozenset[str] = frozenset()  # words that lose their vowel before an apostrophe
    determiners: frozenset[str] = frozenset()
    name_particles: frozenset[str] = frozenset()  # lowercase words inside names
    name_cues: frozenset[str] = frozenset()  # a capitalized word after one is a name
    place_prepositions: frozenset[str] = frozenset()
    title_cues: frozenset[str] = frozenset()  # words before a title in quotation marks
    reference_words: frozenset[str] = frozenset()  # such as section: they refer to a place of a text
    abbreviations: frozenset[str] = frozenset()  # without their full stop, which does not end a sentence
    has_ordinal_stops: bool = False  # a full stop after digits does not end a sentence
    # Where nouns have capitals, a name needs evidence.
    has_capitalized_nouns: bool = False
    noun_endings: tuple[str, ...] = ()
    common_nouns: frozenset[str] = frozenset()
    place_endings: tuple[str, ...] = ()
    profession_endings: tuple[str, ...] = ()
    first_names: frozenset[str] = frozenset()  # that look like a noun


@dataclass(frozen=True)
class UnspacedLanguage(Language):
    """A language that puts no spaces between words."""

    numerals: Mapping[str, int] = field(default_factory=dict)
    multipliers: Mapping[str, int] = field(default_factory=dict)
    measure_words: tuple[str, ...] = ()
    ordinal_prefix: str = ""
    reference_words: tuple[str, ...] = ()  # such as section: they refer to a place of a text
    year_mark: str = ""
    month_mark: str = ""
    day_marks: str = ""
    period_marks: str = ""  # letters that make a decade or a duration of a year before them
    function_letters: frozenset[str] = frozenset()  # letters that names and places do not hold
    transliteration_letters: str = ""
    name_prefixes: str = ""  # last letters of words that stand before a name
    name_followers: str = ""  # letters that may follow a name
    title_cues: tuple[str, ...] = ()
    place_cues: tuple[str, ...] = ()
    place_endings: tuple[str, ...] = ()
