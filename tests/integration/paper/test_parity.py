"""The paper's recipes on real corpora, its own or of the same distribution, beside the paper's tables."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.parity.ablations import AblationRunner, override_source
from pipeline.parity.comparison import MeasureComparison, SourceComparison, format_comparisons
from pipeline.parity.measures import PAPER_TOKENIZER, measure_instances
from pipeline.parity.paper_tables import PAPER_ROWS
from pipeline.text.tokens import Tokenizer
from tests.integration.paper.conftest import PAPER, Built

# (source, measure): the paper's figure is not met, and why.
EXPLAINED = {
    # Its closed-book filter asks a model. What is asked before any filter is alike: see below.
    ("hotpotqa", "questions_per_instance"),
}
CLOSE = ("tokens_per_chunk", "chunks_per_instance", "questions_per_instance")


@pytest.mark.parametrize("name", ["hotpotqa", "longmemeval_train", "trec_coarse", "nlu"])
def test_within_five_percent_of_the_paper(name: str, build: Callable[[str], Built], assets: Path) -> None:
    """Bar: tokens per chunk, chunks and questions per instance."""
    built = build(name)
    assert built.source.parity is not None
    count = Tokenizer(PAPER_TOKENIZER, assets).count
    compared = SourceComparison(name, built.source.parity.row, measure_instances(built.instances, count), {})
    lines = {line.measure: line for line in compared.compare_measures()}
    far = {measure for measure in CLOSE if not lines[measure].is_close}
    assert {(name, measure) for measure in far} <= EXPLAINED, list(format_comparisons([compared]))


def test_squad_within_five_percent(raw: Path, assets: Path) -> None:
    """Bar, where each chunk's size is drawn: the mean of one seed's 200 chunks is off by 4 percent or so."""
    rerunner = AblationRunner("squad", PAPER, raw / "squad_dev", assets)
    drawn = [rerunner.run("other draws", {"seed": seed}) for seed in range(8)]
    means = {measure: sum(one[measure] for one in drawn) / len(drawn) for measure in CLOSE}
    assert all(line.is_close for line in SourceComparison("squad", "SQuAD", means, {}).compare_measures()), (
        means
    )


def test_hotpotqas_questions_before_any_filter(raw: Path, assets: Path) -> None:
    """Bar: the rest is explained by a rerun.

    The paper's 17.0 is after a filter that asks a model. Before all filters it has the train split's 90,447
    questions in 1,966 + 219 instances, 41.4 each; so have ours.
    """
    rerunner = AblationRunner("hotpotqa", PAPER, raw / "hotpotqa_dev", assets)
    paper = PAPER.sources["hotpotqa"].parity
    assert paper is not None
    cause = "without the filters of answers"
    unfiltered = rerunner.run(cause, paper.ablations[cause])
    assert unfiltered["questions_per_instance"] == pytest.approx(90_447 / (1966 + 219), rel=0.05)


def test_every_row_of_the_paper_has_a_source() -> None:
    """Bar: eight training sources and nine evaluation sets, which never train."""
    rows = {name: source.parity.row for name, source in PAPER.sources.items() if source.parity}
    assert sorted(rows.values()) == sorted(PAPER_ROWS)
    assert set(PAPER.enabled_sources) == rows.keys()
    assert set(PAPER.dataset.eval_only_sources) == {
        name for name, row in rows.items() if PAPER_ROWS[row].train is None
    }


def test_a_line_names_the_reruns_that_move_it() -> None:
    built = {"test": 30.0, "tokens_per_chunk": 1000.0}
    rerun = {"test": 30.0, "tokens_per_chunk": 1078.0}
    compared = SourceComparison("x", "SQuAD", built, {"why": rerun})
    assert list(compared.compare_measures()) == [
        MeasureComparison("test", 30.0, 30, {}),
        MeasureComparison("tokens_per_chunk", 1000.0, 1078, {"why": 1078.0}),
    ]
    text = "\n".join(format_comparisons([compared]))
    assert "-7.2 % *" in text and "1,078  why" in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"chunking.max_token": 3}, "no key 'chunking.max_token'"),
        ({"chunking.max_tokens.x": 3}, "no key 'chunking.max_tokens.x'"),
        ({"chunking.max_tokens": "many"}, "x: chunking.passages.max_tokens"),
    ],
)
def test_a_rerun_that_cannot_be(changes: dict[str, object], message: str) -> None:
    with pytest.raises(MemcurateError, match=message):
        override_source(PAPER.sources["squad"], changes, "x")
