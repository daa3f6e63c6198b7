"""Text of a seeded generator, with enough different words that two passages are not near-duplicates."""

from random import Random

FIRST_NAMES = (
    "Anna Peter Laura Thomas Julia Martin Emma David Sarah Paul Clara Simon Helen Oscar Nora Felix Alice"
).split()
_LAST_NAMES = (
    "Archer Bennett Carver Dawson Ellison Foster Grant Holloway Irving Jennings Keller Lambert".split()
)
_PLACES = (
    "Oxford Leeds Bristol Norwich Dublin Boston Chicago Denver Vienna Hamburg Geneva Lisbon Oslo Bergen Turin"
).split()
_MONTHS = "January March April May June August September October November December".split()
_VERBS = "repaired carried painted borrowed counted delivered collected measured sorted polished".split()
_THINGS = (
    "lantern ladder violin kettle compass saddle barrel blanket hammer basket mirror bottle drum clock chair "
    "needle bucket anchor feather candle"
).split()
_SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi wo zu kan der lin mor tas".split()
_GERMAN_THINGS = (
    "Laternen Leitern Geigen Kessel Körbe Spiegel Flaschen Trommeln Uhren Stühle Eimer Kerzen".split()
)


class Writer:
    """A writer of sentences, questions and messages."""

    def __init__(self, random: Random) -> None:
        """`random`: the source of all draws."""
        self.random = random

    def fact(self) -> tuple[str, str, str]:
        """Return (a sentence, a question that it answers, the answer)."""
        draw = self.random.choice
        person, place = f"{draw(FIRST_NAMES)} {draw(_LAST_NAMES)}", draw(_PLACES)
        thing, other, verb = draw(_THINGS), f"{self.word()} {self.word()}", draw(_VERBS)
        number, year = self.random.randint(11, 97), self.random.randint(1820, 1990)
        match self.random.randrange(4):
            case 0:
                sentence = f"{person} {verb} {number} {other} {thing}s in {place} before the winter came."
                return sentence, f"How many {other} {thing}s were {verb} in {place}?", str(number)
            case 1:
                sentence = f"In {year}, the {other} {thing} was {verb} by {person}, who lived near {place}."
                return sentence, f"In which year was the {other} {thing} {verb}?", str(year)
            case 2:
                sentence = f"The {other} {thing} of {place} belonged to {person} until a {self.word()} fell."
                return sentence, f"Who had the {other} {thing} of {place}?", person
        day = f"{draw(_MONTHS)} {self.random.randint(1, 28)}"
        sentence = f"On {day}, {year}, a {other} {thing} arrived in {place}, and {person} {verb} it twice."
        return sentence, f"In which city did the {other} {thing} arrive?", place

    def passage(self, num_sentences: int) -> str:
        """Return some sentences."""
        return self.passage_with_facts(num_sentences)[0]

    def passage_with_facts(self, num_sentences: int) -> tuple[str, list[tuple[str, str]]]:
        """Return some sentences, and (question, answer) of each."""
        facts = [self.fact() for _ in range(num_sentences)]
        return " ".join(sentence for sentence, _, _ in facts), [(asked, answer) for _, asked, answer in facts]

    def message(self) -> str:
        """Return what a user writes in a chat."""
        draw = self.random.choice
        place, thing, number = draw(_PLACES), f"{self.word()} {draw(_THINGS)}", self.random.randint(20, 90)
        return draw(
            (
                f"I moved to {place} in {draw(_MONTHS)} and bought a {thing} for {number} dollars.",
                f"My sister {draw(FIRST_NAMES)} wants a {thing}. Can it be sent to {place}?",
                f"Yesterday {draw(FIRST_NAMES)} from {place} gave me the {thing} that I told you about.",
                f"We need {number} {thing}s for the party in {place}, what do you advise?",
            )
        )

    def german_message(self) -> str:
        """Return what a person writes in a German chat."""
        draw = self.random.choice
        name, place, things = draw(FIRST_NAMES), draw(_PLACES), f"{self.word()}en {draw(_GERMAN_THINGS)}"
        return draw(
            (
                f"Ich habe heute mit {name} in {place} {self.random.randint(12, 90)} {things} gekauft.",
                f"Wir fahren am {self.random.randint(1, 28)}. Mai nach {place}, und {name} kommt auch mit.",
                f"Die {things} von {name} stehen noch bei meiner Tante in {place}.",
                f"Kannst du {name} fragen, ob die {things} schon in {place} sind?",
            )
        )

    def word(self) -> str:
        """Return a word that no language has."""
        return "".join(self.random.choices(_SYLLABLES, k=self.random.randint(2, 3)))
