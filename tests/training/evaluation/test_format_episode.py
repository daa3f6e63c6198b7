"""Episodes in the terminal: wrong answers, the chunk of a question, and measures of the memory."""

from tests.training.evaluation.report.factories import make_episode
from training.evaluation.format_episode import format_overview
from training.memory.schema import MemoryMeasures


def test_wrong_answers_chunks_and_measures_are_shown_where_there_are_any() -> None:
    episode = make_episode("scripted", "books", 0)
    plain = format_overview(episode)
    assert not [word for word in ("wrong", "asked", "facts") if f"  {word} " in plain]
    episode.answers[0].wrong_answers, episode.answers[0].after_chunk = ["tower", "mill"], 3
    episode.answers[1].gold_answers = []
    episode.measures = [MemoryMeasures(0.5, None, 1.0, 0.25, 10)]
    lines = [line.strip() for line in format_overview(episode).splitlines()]
    assert {"wrong     tower; mill", "asked     after chunk 3", "gold      (none: it should abstain)"} < set(
        lines
    )
    assert "facts   recall 0.500, stale –, forgotten 1.000, noise 0.250" in lines
