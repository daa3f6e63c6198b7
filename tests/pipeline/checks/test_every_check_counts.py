"""No check can be left out: each drops a bad question that all other checks keep.

A check that is added to CHECKS needs a line in BAD.
"""

from dataclasses import replace

import pytest

import pipeline.checks
import pipeline.checks.filtering
from pipeline.checks import CHECKS, Check
from pipeline.checks.filtering import filter_instances
from pipeline.chunking import ChunkingContext
from pipeline.core.params import CheckParams
from pipeline.core.schema import InstanceQuestion, Question
from tests.pipeline.questions.factories import make_instance, make_question

STRICT = CheckParams(
    max_answer_tokens=4,
    drop_yes_no=True,
    drop_answer_in_question=True,
    language="en",
    min_keywords=2,
    min_summary_overlap=50,
    min_questions=0,
    max_questions=100,
)
FARM = {
    "made/s": "The owl lives in a barn near Oxford. It caught nine hundred and ninety nine mice last winter.",
    "made/ann": "Ann: I bought a red bicycle in Paris.",
    "made/ben": "Ben: I bought a red bicycle in Rome!",
    "made/fr": "Le hibou est dans la grange et il ne dort pas encore, mais la chouette est avec lui.",
}


def make_cloze(identity: str, text: str, answer: str, evidence: str) -> Question:
    frame = "What is missing in this sentence, which the user read on 2024-01-01?"
    return replace(make_question(identity, f"{frame}\n{text}", [answer], [evidence]), origin="cloze")


def make_summary_question(
    identity: str, text: str, keywords: list[str], human_summary: str | None = None
) -> Question:
    question = make_question(identity, text, keywords)
    return replace(question, metric="keywords", origin="summary", summary=human_summary)


GOOD = [
    make_question("good/asked"),
    make_cloze("good/cloze", "The owl lives in a barn near ____.", "Oxford", "made/s"),
    make_summary_question(
        "good/summary", "What was read?", ["owl", "barn"], "In winter an owl catches mice in its barn."
    ),
]
# By check: its reject reason, and a question that no other check drops.
BAD: dict[str, tuple[str, Question]] = {
    "unanswerable": ("unanswerable", replace(make_question("bad/0", "Why?", [""]), metric="judge")),
    "yes_no": ("yes/no question", replace(make_question("bad/1", "Is it one?", ["Yes"]), metric="judge")),
    "answer_length": (
        "answer too long",
        make_question("bad/2", "How many mice?", ["nine hundred and ninety nine"]),
    ),
    "answer_in_question": ("answer in question", make_question("bad/3", "Is it in a barn?")),
    "answer_in_evidence": (
        "answer not in evidence",
        make_question("bad/4", "Where does the fox live?", ["a den"]),
    ),
    "summary_agrees": (
        "summary of another text",
        make_summary_question(
            "bad/5",
            "Who appeared on Monday?",
            ["owl", "mice"],
            "Captain Ahab hunts a white whale across the seas.",
        ),
    ),
    "keywords_grounded": (
        "too few keywords",
        make_summary_question(
            "bad/6", "Tell what happened in winter.", ["owl", "whale", "nine hundred and ninety"]
        ),
    ),
    "language": (
        "other language",
        make_question("bad/7", "Where does the French owl live?", ["la grange"], ["made/fr"]),
    ),
    "ambiguous_cloze": (
        "ambiguous cloze",
        make_cloze("bad/8", "I bought a red bicycle in ____.", "Paris", "made/ann"),
    ),
    "human_rejected": ("reviewed", make_question("bad/9", "Who lives on the farm?", ["owl"])),
}
REPEATED = make_question("good/asked/again", "WHERE does the owl live")


def filter_all(context: ChunkingContext) -> tuple[set[str], dict[str, str]]:
    """Filter all questions of this file; return (ids of kept questions, reason by id of rejected ones)."""
    questions = [*GOOD, REPEATED, *(question for _, question in BAD.values())]
    rows = [InstanceQuestion("made/i", question) for question in questions]
    ((instance, rejects),) = filter_instances(
        [make_instance("made/i", FARM)],
        rows,
        STRICT,
        context.tokenizer,
        {"bad/9": "so does the fox"},
        50,
        20,
        "made",
    )
    assert instance is not None
    kept = {question.id for question in instance.questions}
    dropped = {reject.id: reject.reason for reject in rejects}
    assert len(kept) + len(rejects) == len(questions)
    return kept, dropped


def ids(questions: list[Question]) -> set[str]:
    return {question.id for question in questions}


def check_name(check: Check) -> str:
    return check.__module__.rpartition(".")[2]


def test_every_check_has_a_bad_question() -> None:
    assert sorted(map(check_name, CHECKS)) == sorted(BAD)


def test_all_checks_together_keep_only_the_good_questions(context: ChunkingContext) -> None:
    kept, dropped = filter_all(context)
    assert kept == ids(GOOD)
    expected = {question.id: reason for reason, question in BAD.values()}
    assert dropped == expected | {REPEATED.id: "repeated question"}


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
def test_no_check_can_be_left_out(
    check: Check, context: ChunkingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the check its bad question is kept, and no other."""
    monkeypatch.setattr(pipeline.checks, "CHECKS", tuple(other for other in CHECKS if other is not check))
    _, bad = BAD[check_name(check)]
    assert filter_all(context)[0] == ids([*GOOD, bad])


def test_the_search_for_repeated_questions_cannot_be_left_out(
    context: ChunkingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline.checks.filtering, "find_repeated_questions", lambda questions, percent: {})
    assert filter_all(context)[0] == ids([*GOOD, REPEATED])
