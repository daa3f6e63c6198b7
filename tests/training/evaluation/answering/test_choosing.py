"""Values chosen by what passages support, and how new it is."""

import pytest

from tests.training.factories import make_question
from training.evaluation.answering.choosing import choose_value
from training.evaluation.retrieval import Passage
from training.memory.schema import EpisodeQuestion
from training.memory.statements import split_statements

CHUNK = """[Dialogue at timestamp 2023-04-01 10:22]
<User> I moved to Leeds last week.
It rains.
<Assistant> Noted.
<Anna Keller> I live in York.
[Dialogue at timestamp 2023-05-02 09:00]
<User> Fine."""
ENTRY = "2023-04-01 10:22 User: I moved to Leeds. Anna Keller: Correction: I live in York."


def choose(question: EpisodeQuestion, *texts: str) -> str | None:
    return choose_value(question, [Passage(f"s{number}", text) for number, text in enumerate(texts)])


def ask(text: str, *values: str, kind: str | None = None) -> EpisodeQuestion:
    """Ask for the first of the values."""
    return make_question(text, values[0], wrong=values[1:], kind=kind)


def test_statements_have_speakers_and_times() -> None:
    assert [(one.time, one.speaker, one.text) for one in split_statements(CHUNK)] == [
        ("2023-04-01 10:22", "User", "I moved to Leeds last week.\nIt rains."),
        ("2023-04-01 10:22", "Assistant", "Noted."),
        ("2023-04-01 10:22", "Anna Keller", "I live in York."),
        ("2023-05-02 09:00", "User", "Fine."),
    ]
    assert [(one.speaker, one.text) for one in split_statements(ENTRY)] == [
        ("User", "I moved to Leeds."),
        ("Anna Keller", "Correction: I live in York."),
    ]
    (undated,) = split_statements("Since 2023-04-01 Anna lives in York")
    assert (undated.time, undated.speaker) == ("2023-04-01", None)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_newest_statement_decides_whatever_the_order_of_the_passages(order: tuple[int, int]) -> None:
    texts = ["2023-04-01 10:22 User: I live in York.", "2023-05-01 10:22 User: I moved to Leeds."]
    question = ask("Where do I live?", "Leeds", "York")
    assert choose(question, *(texts[index] for index in order)) == "Leeds"
    assert choose(ask("Where did I live on 2023-04-20?", "York", "Leeds"), *texts) == "York"
    assert choose(ask("Where did I live on 2023-03-01?", "York", "Leeds"), *texts) is None


def test_without_times_the_later_entry_decides() -> None:
    assert choose(ask("Where do I live?", "Leeds", "York"), "User: York", "User: Leeds") == "Leeds"


def test_nothing_tells_which_answer_is_gold() -> None:
    texts = ["2023-04-01 10:22 User: I like tea and coffee."]
    chosen = {
        choose(ask("What do I like?", *values), *texts) for values in (("tea", "coffee"), ("coffee", "tea"))
    }
    assert len(chosen) == 1


def test_of_two_values_in_one_statement_the_one_first_told_later_is_chosen() -> None:
    texts = ["2023-04-01 10:22 User: I live in Leeds.", "2023-05-01 10:22 User: I left Leeds for York."]
    assert choose(ask("Where do I live?", "York", "Leeds"), *texts) == "York"


def test_a_person_that_the_question_names_counts_before_others() -> None:
    texts = [
        "2023-04-01 10:22 Anna Keller: I live in York.",
        "2023-05-01 10:22 Bob Mills: I live in Leeds.",
        "2023-06-01 10:22 Bob Mills: I heard that Anna Keller lives in Rome.",
    ]
    assert choose(ask("Where does Anna Keller live?", "York", "Leeds", "Rome"), *texts) == "York"
    assert choose(ask("Where does Anna Keller live?", "Rome", "Leeds"), *texts) == "Rome"
    assert choose(ask("Where does Anna Keller live?", "Oslo", "Leeds"), *texts) is None
    assert choose(ask("Where do I live?", "York", "Leeds"), *texts) is None
    assert choose(ask("Where does Anna Keller live?", "Oslo", "Bern"), "Anna Keller lives in Bern") == "Bern"


def test_the_assistant_tells_nothing_of_the_user() -> None:
    assert choose(ask("Where do I live?", "York", "Leeds"), "[Dialogue]\n<Assistant> York is old.") is None


def test_a_conflict_is_decided_by_the_speaker_that_is_named() -> None:
    texts = [
        "2023-04-01 10:22 Anna Keller: I live in York.",
        "2023-05-01 10:22 Bob Mills: I heard that Anna Keller lives in Leeds.",
        "2023-06-01 10:22 User: I think Anna Keller lives in Rome.",
    ]
    cities = ("York", "Leeds", "Rome")
    for text, city in (
        ("According to Bob Mills, what is Anna Keller's city?", "Leeds"),
        ("By Anna Keller's own account, what is Anna Keller's city?", "York"),
        ("According to me, what is Anna Keller's city?", "Rome"),
    ):
        assert choose(ask(text, *cities, kind="conflict"), *texts) == city


def test_several_hops_ask_about_the_people_that_the_named_person_speaks_of() -> None:
    texts = [
        "2023-04-01 10:22 Anna Keller: My manager is Bob Mills.",
        "2023-04-02 10:22 Bob Mills: I live in York.",
        "2023-05-01 10:22 Carl Stone: I live in Leeds.",
    ]
    question = ask("Where does the manager of Anna Keller live?", "York", "Leeds", kind="several hops")
    assert choose(question, *texts) == "York"


def test_an_order_is_decided_by_what_was_told_first() -> None:
    texts = ["2023-05-01 10:22 User: I live in York.", "2023-04-02 10:22 Anna Keller: My car is a Ford."]
    text = "Which came first: the moment my city became York or the moment Anna Keller's car became Ford?"
    assert choose(ask(text, "Ford", "York", kind="order and duration"), *texts) == "Ford"


def test_a_value_that_is_part_of_another_one_is_not_found_in_it() -> None:
    assert choose(ask("What do I drink?", "oat milk", "milk"), "User: I drink oat milk.") == "oat milk"
    assert choose(ask("What do I drink?", "oat milk", "milk"), "User: I drink milk.") == "milk"
