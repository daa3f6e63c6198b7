"""The facts of a chat between a user and an assistant: each rule is tested by a sentence that it decides."""

from collections import Counter

import pytest

from pipeline.core.schema import Chunk, Instance, SegmentSpan, Span
from pipeline.questions.rules.cloze import make_cloze_questions
from pipeline.questions.rules.facts import find_best_fact
from pipeline.text.keywords import SentenceTagger
from tests.pipeline.questions.factories import make_analyzed_sentence, make_statistics, score_sentence

NAMES = """Trello Oslo Horizon Zero Dawn Rachel Winters NovaTech Spitfire Fleetwood Mac Harvard Brussels
Kaggle Max Jen Strip Reddit Coursera Netflix University Pennsylvania Bob Marley Sanibel Island"""
STATISTICS = make_statistics(NAMES, "stores hotel museum recipe", "we encourage the museum")
TAGGER = SentenceTagger(STATISTICS)


def find_fact(sentence: str, speaker: str) -> str | None:
    analyzed = make_analyzed_sentence(sentence, STATISTICS, speaker=speaker)
    if not score_sentence(analyzed.sentence):
        return None
    fact = find_best_fact(analyzed, TAGGER, Counter())
    return fact.text if fact else None


@pytest.mark.parametrize(
    ("sentence", "fact"),
    [
        ("I've been working at NovaTech since the harbour hotel was closed.", "NovaTech"),
        ("I bought 17 skeins of wool at the market near my hotel yesterday.", "17"),
        ("My cousin Rachel was the head of a little museum near the harbour.", "Rachel"),
        ("I went to the harbour museum with friends on March 3rd.", "March 3rd"),
        ("I'd love to know if you could suggest a hotel in Oslo for me.", None),  # a wish
        ("Convert my museum recipe to 4 loaves with the dark flour, please.", None),
        ("I bought about 17 skeins of wool at the market near my hotel.", None),  # an estimate
        ("Would NovaTech be a good place to work for your friends?", None),
        ("Winters in Oslo seem to be very long and dark for everybody.", None),  # nobody's
        ("I met this guy who paints Spitfire.V models in his garage every day.", None),  # torn names
        ("I visited Horizon Zero last year with friends from my old school.", None),
        ('I recently listened to "Fetch the Spitfire" again with my old friends.', None),
        ("I really learned to cook that recipe with strip of lemon this morning.", None),
    ],
)
def test_the_fact_that_a_user_tells(sentence: str, fact: str | None) -> None:
    assert find_fact(sentence, "User") == fact


@pytest.mark.parametrize(
    ("sentence", "fact"),
    [
        ("**Trello**: A visual project management tool that uses boards, lists and cards.", "Trello"),
        ("Store the syrup in an airtight jar in the refrigerator for up to 3 weeks.", "3"),
        ("**Practice**: Encourage Jen to read the whole poem before the ceremony begins.", None),
        ("Play the game of Horizon Zero today for its long story and calm music.", None),  # torn names
        ("A course by University of Pennsylvania covers deep learning with many examples.", None),
        ("**Fleetwood Mac and the Band**: A long evening of songs for older listeners.", None),
        ("**Use a stripper**: Strip the insulation from the long wire for a realistic look.", None),  # a verb
        ("**Look for Online Tools or Trello for your whole weekly planning**", None),  # a heading
        ("Here are my best recommendations for hotels between the harbour and Oslo:", None),
        ("Social media pages (Reddit, forums, channels, etc.) list many good stores too.", None),
        ("The American Lung Group's climb (ALG) raises money for a very good cause.", None),  # acronyms
        ("The question whether AI has feelings is a matter of a long debate.", None),
        ("Sanibel is a calm island for a getaway, and Sanibel Island has many shells.", None),  # given away
        ("Roast a tray of Brussels sprouts with a little oil, salt and black pepper.", None),
        ("I don't have the ability to travel, so I never visited Oslo or such places.", None),
        ("It's possible that Bob Marley is a lesser known artist of a small gallery.", None),
    ],
)
def test_the_fact_of_an_assistants_sentence(sentence: str, fact: str | None) -> None:
    assert find_fact(sentence, "Assistant") == fact


def make_chat(*turns: tuple[str, str]) -> Instance:
    """Make an instance of one chunk of (speaker, text)."""
    text, segments = "[Dialogue at timestamp 2024-01-01 10:00]\n", []
    for number, (speaker, said) in enumerate(turns):
        span = Span("f.json", f"/{number}", 0, len(said))
        ends = len(text), len(text) + len(said)
        segments.append(
            SegmentSpan(f"made/{number}", span, "d", None, speaker, "2024-01-01 10:00", None, *ends)
        )
        text += f"{said}\n"
    return Instance("a", "made", "train", "d", 0, 1, [Chunk("c", 0, text, 1, "2024-01-01", segments)], [], [])


@pytest.mark.parametrize(
    ("request_text", "lead"),
    [
        ("I'm busy. Which app keeps lists? Thanks!", ' in reply to "Which app keeps lists?"'),
        ("Is Trello good? I wonder.", "?"),  # would give the answer away
        ("Tell me an app for lists.", "?"),
    ],
)
def test_an_assistants_sentence_is_asked_for_with_what_the_user_had_asked(
    request_text: str, lead: str
) -> None:
    said = "**Trello**: A visual project management tool that uses boards, lists and cards."
    instance = make_chat(("User", request_text), ("Assistant", said))
    analyzed = make_analyzed_sentence(said, STATISTICS, speaker="Assistant")
    segment = instance.chunks[0].segments[1]
    sentence = type(analyzed.sentence)(segment, 0, len(said), said)
    of_chunk = [type(analyzed)(sentence, analyzed.words, analyzed.keywords)]
    (question,) = make_cloze_questions(instance, [of_chunk], Counter(), TAGGER, 4)
    first, blanked = question.text.split("\n")
    dialogue = "in the dialogue at 2024-01-01 10:00"
    assert first == f"What is missing in this sentence, which Assistant wrote {dialogue}{lead}"
    assert blanked.startswith("**____**:") and question.answers == ["Trello"]
