"""Blocks of a source that suit its format, for those that it leaves out."""

from typing import Any

_NO_QUESTIONS = {"source": False, "label": 0, "summary": False, "cloze": 0}
_CHECKS = {
    "max_answer_tokens": None,
    "drop_yes_no": False,
    "drop_answer_in_question": False,
    "language": None,
    "min_keywords": 5,
    "min_summary_overlap": 73,
    "min_questions": 1,
    "max_questions": 100,
}
_JOINED = {"min_chunks": 5, "max_chunks": 20, "join_documents": True}
_PASSAGES: dict[str, Any] = {
    "chunking": {
        "strategy": "passages",
        "max_tokens": 2048,
        "min_chunk_tokens": 100,
        "min_chunks": 1,
        "max_chunks": 10,
    },
    "questions": {**_NO_QUESTIONS, "source": True},
    "checks": _CHECKS,
}
_CHATS: dict[str, Any] = {
    "chunking": {"strategy": "conversations", "max_tokens": 1024, **_JOINED},
    "questions": {**_NO_QUESTIONS, "cloze": 4, "min_clozes": 6},
    "checks": {**_CHECKS, "drop_answer_in_question": True},
}
_LABELS: dict[str, Any] = {
    "chunking": {
        "strategy": "examples",
        "instances": 20,
        "chunks": 10,
        "max_tokens": 400,
        "min_examples": 2,
        "max_shown_fraction": 0.5,
    },
    "questions": {**_NO_QUESTIONS, "label": 100},
    "checks": _CHECKS,
}
# A conversation is an instance: the evidence of a question stands anywhere in it.
_WHOLE_CONVERSATIONS: dict[str, Any] = {
    "chunking": {"strategy": "conversations", "max_tokens": 2048, "min_chunks": 1, "max_chunks": 100_000},
    "questions": {**_NO_QUESTIONS, "source": True},
    "checks": {**_CHECKS, "unanswerable": "keep"},
}

OWN_FORMAT_BLOCKS = _CHATS
# A format that is not here has none: its sources name all blocks.
DEFAULT_BLOCKS: dict[str, dict[str, Any]] = {
    "messages": _CHATS,
    "timeline": _CHATS,
    "messenger": _CHATS,
    "chitchat": _CHATS,
    "text": {
        "chunking": {"strategy": "books", "max_tokens": 1024, **_JOINED},
        "questions": {**_NO_QUESTIONS, "summary": True, "cloze": 3},
        "checks": {**_CHECKS, "drop_answer_in_question": True},
    },
    "locomo": {
        **_WHOLE_CONVERSATIONS,
        "chunking": {"strategy": "conversations", "max_tokens": 1024, "min_chunks": 1, "max_chunks": 1000},
    },
    "beam": _WHOLE_CONVERSATIONS,
    "simulated_world": _WHOLE_CONVERSATIONS,
    # A user of HaluMem has 173 questions on average.
    "halumem": {
        **_WHOLE_CONVERSATIONS,
        "checks": {**_WHOLE_CONVERSATIONS["checks"], "max_questions": 1000},
    },
    "chapters": {
        "chunking": {"strategy": "books", "max_tokens": 2048, "min_chunks": 1, "max_chunks": 20},
        "questions": {**_NO_QUESTIONS, "summary": True},
        "checks": _CHECKS,
    },
    "labels": _LABELS,
    "label_lines": _LABELS,
    "label_files": _LABELS,
    "label_lists": _LABELS,
    "label_pairs": _LABELS,
    "trec": _LABELS,
    "qa": _PASSAGES,
    "squad": _PASSAGES,
    # A correction stands some passages after what it corrects, in another chunk of this size.
    "corrected_squad": {
        **_PASSAGES,
        "chunking": {"strategy": "whole_documents", "max_tokens": 1024, "prompt_style": "passages"},
        "checks": {**_CHECKS, "max_questions": 1000},
    },
}
