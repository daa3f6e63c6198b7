"""Params, contexts and near-duplicates for the tests of checks."""

from collections.abc import Sequence

from pipeline.checks.context import CheckContext
from pipeline.chunking import ChunkingContext
from pipeline.core import seeded_random
from pipeline.core.params import CheckParams
from tests.pipeline.questions.factories import make_instance

LAX_PARAMS = CheckParams(
    max_answer_tokens=None,
    drop_yes_no=False,
    drop_answer_in_question=False,
    language=None,
    min_keywords=1,
    min_summary_overlap=0,
    min_questions=0,
    max_questions=100,
)
_SEED = 20


def make_check_context(
    context: ChunkingContext, *chunks: dict[str, str], min_keywords: int = 1
) -> CheckContext:
    """Make the context of an instance's questions; each chunk is its segments' texts by id."""
    params = LAX_PARAMS.model_copy(update={"min_keywords": min_keywords})
    return CheckContext(make_instance("made/i", *chunks), params, context.tokenizer, {})


def edit_words(text: str, percent: int, vocabulary: Sequence[str], *names: object) -> str:
    """Change, insert or delete `percent` of a text's words, half up; `names` seed the draw of the edits."""
    words = text.split()
    count = (percent * len(words) + 50) // 100
    for index in sorted(seeded_random.shuffled(range(len(words)), int, _SEED, *names)[:count], reverse=True):
        new = vocabulary[seeded_random.randint(0, len(vocabulary) - 1, _SEED, *names, index, "word")]
        match seeded_random.randint(0, 2, _SEED, *names, index, "kind"):
            case 0:
                words[index] = new
            case 1:
                words.insert(index, new)
            case 2:
                del words[index]
    return " ".join(words)
