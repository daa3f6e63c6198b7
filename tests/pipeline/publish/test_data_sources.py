"""The data source names under which rows are exported: the public training code knows each of them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.chunking import ChunkingContext
from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params
from pipeline.core.schema import Instance, Metric, Origin, Question
from pipeline.parity.build_source import build_source
from pipeline.publish.data_sources import (
    SUPPORTED_METRICS,
    DataSourceNames,
    InstanceQuestionKinds,
    QuestionKind,
    infer_metric,
    join_keywords,
    parse_names,
)
from pipeline.publish.mem_alpha import ExportSummary, export_instances
from tests.conftest import ROOT
from tests.pipeline.sources.factories import SPLIT, golden_raw_dir, make_source_config
from tests.pipeline.sources.reading import parse

# The keys of config/prompts_wrt_datasource.yaml in github.com/wangyu-ustc/Mem-alpha at commit
# 9c0e1f6482f8ea7a322012a8155247966285946f, but for `unified_prompt`; its training looks each row up there.
KNOWN = {
    *("squad", "hotpotqa", "booksum", "infbench_sum_eng_shots2", "pubmed-rct", "ttl_train", "perltqa"),
    *("lme_train", "accurate_retrieval", "ruler_qa1_197K", "ruler_qa2_421K", "infbench_qa_eng_shots2"),
    *("longmemeval_s*", "long_range_understanding", "test_time_learning", "icl_banking77_5900shot_balance"),
    *("icl_clinic150_7050shot_balance", "icl_nlu_8296shot_balance", "icl_trec_coarse_6600shot_balance"),
    "icl_trec_fine_6400shot_balance",
}


def make_metric_question(
    metric: Metric, origin: Origin = "source", answers: Sequence[str] = ("x",)
) -> Question:
    return Question("made/q", "Who?", list(answers), metric, origin, None, None, [], [], None)


def make_kinds(instance: Instance) -> InstanceQuestionKinds:
    kinds = [QuestionKind(one.metric, one.origin) for one in instance.questions]
    return InstanceQuestionKinds(instance.source, kinds)


def test_the_names_are_those_of_the_training_code() -> None:
    assert set(SUPPORTED_METRICS) == KNOWN


@pytest.mark.parametrize("file", ["params.yaml", "params.paper.yaml"])
def test_every_source_has_a_known_name(file: str, context: ChunkingContext, tmp_path: Path) -> None:
    """Bar: for every source in `enabled_sources` of both params files, built from its golden file."""
    params = load_params(ROOT / file)
    rows = {name: source.parity.row if source.parity else None for name, source in params.sources.items()}
    instances: list[Instance] = []
    for name in params.enabled_sources:
        source_context = replace(context, source=name, split=SPLIT)
        built = build_source(parse(name, golden_raw_dir(name)), make_source_config(name), source_context)[0]
        assert built
        instances += built
    summary = ExportSummary()
    names = DataSourceNames(rows)
    names.require_all(map(make_kinds, instances))
    assert export_instances(tmp_path / "train.parquet", instances, names, summary) == len(instances)
    assert not summary.mismatch_counts and {source for source, _ in summary.row_counts} == set(
        params.enabled_sources
    )
    exported = defaultdict(set)
    for row in pq.read_table(tmp_path / "train.parquet").to_pylist():
        assert row["data_source"] in KNOWN
        questions = json.loads(row["questions_and_answers"])
        assert {one["metric"] for one in questions} <= SUPPORTED_METRICS[row["data_source"]]
        assert json.loads(row["metadata"])["memcurate"]["source"] in params.enabled_sources
        exported[json.loads(row["metadata"])["memcurate"]["source"]].add(row["data_source"])
    if file == "params.yaml":
        assert exported["banking77"] == {"icl_banking77_5900shot_balance"}
        assert exported["trec_fine"] == {"icl_trec_fine_6400shot_balance"}
        assert exported["gutenberg"] == {"booksum"} and exported["chitchat"] == {"squad"}
        assert exported["longmemeval"] == {"lme_train"}
    else:
        assert exported["pubmed_rct"] == {"pubmed-rct"}
        assert exported["mab_longmemeval"] == {"longmemeval_s*"}
        assert exported["mab_ruler_qa2"] == {"ruler_qa2_421K"}


@pytest.mark.parametrize(
    ("paper_row", "questions", "name"),
    [
        (None, [make_metric_question("contains", "cloze")], "squad"),
        (None, [make_metric_question("contains"), make_metric_question("judge")], "lme_train"),
        (
            None,
            [make_metric_question("keywords", "summary"), make_metric_question("contains", "cloze")],
            "booksum",
        ),
        (None, [make_metric_question("keywords", "generated"), make_metric_question("contains")], "perltqa"),
        (None, [make_metric_question("exact", "label")], "icl_nlu_8296shot_balance"),
        (None, [], "squad"),
        ("PerLTQA", [make_metric_question("keywords"), make_metric_question("contains")], "perltqa"),
        (
            "PerLTQA",
            [make_metric_question("judge"), make_metric_question("contains")],
            "lme_train",
        ),  # a sentence is never contained
        ("HotpotQA", [make_metric_question("contains")], "hotpotqa"),
        ("a row of another paper", [make_metric_question("contains")], "squad"),
        (None, [make_metric_question("exact", "label"), make_metric_question("contains", "cloze")], None),
    ],
)
def test_the_selected_name_measures_all_questions(
    paper_row: str | None, questions: list[Question], name: str | None
) -> None:
    """Bar: also for a source of the user, which is in no table of ours."""
    assert DataSourceNames({"my_own": paper_row}).select("my_own", questions) == name


MIXED = [QuestionKind("exact", "label"), QuestionKind("contains", "cloze")]
CLOZE = [QuestionKind("contains", "cloze")]


def test_sources_without_a_name_are_an_error_with_the_names_to_choose_from() -> None:
    rows = [
        InstanceQuestionKinds(source, kinds)
        for source, kinds in (("mine", MIXED), ("mine", CLOZE), ("squad", CLOZE))
    ]
    with pytest.raises(MemcurateError) as raised:
        DataSourceNames().require_all(rows)
    message = str(raised.value)
    assert "mine: 1 of 2 rows, with the metrics contains and exact" in message
    assert "`--as mine=NAME`" in message and "squad:" not in message
    assert all(name in message for name in KNOWN)
    for options in (["squad"], ["mine=lme_train"], ["mine=my own"]):
        parse_names(options, {}).require_all(rows)


def test_the_users_names_have_precedence() -> None:
    """Bar: the name of a source before that of all, and both before those that are chosen."""
    names = parse_names(["squad", "mine=a=b"], {"squad_dev": "SQuAD"})
    assert names.select("mine", MIXED) == "a=b" and names.select("other", MIXED) == "squad"
    assert parse_names(["mine=x"], {"squad_dev": "SQuAD"}).select("squad_dev", CLOZE) == "squad"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["squad", "hotpotqa"], "--as hotpotqa: there is a name for all sources already"),
        (["a=squad", "a=lme_train"], "--as a=lme_train: there is a name of source a already"),
        ([""], "expected NAME"),
        (["a="], "expected NAME"),
        (["=squad"], "expected NAME"),
        (["a=-"], "a letter or a digit"),
        (["\udc80x"], "expected NAME"),
    ],
)
def test_a_wrong_name_is_an_error(options: list[str], message: str) -> None:
    with pytest.raises(MemcurateError, match=message):
        parse_names(options, {})


def test_a_name_of_a_source_that_is_not_there_is_an_error() -> None:
    with pytest.raises(MemcurateError, match="no source 'min'; its sources are mine"):
        parse_names(["min=squad"], {}).require_all([InstanceQuestionKinds("mine", CLOZE)])


def test_keywords_are_joined_as_the_training_code_splits_them() -> None:
    assert join_keywords(["Elena", "Lake Mirren"], "booksum") == "Elena, Lake Mirren"
    assert join_keywords(["lock", "wheel"], "perltqa") == "lock;wheel"


def test_the_inferred_metric_of_a_name_is_one_that_it_measures() -> None:
    assert all(infer_metric(name) in measured for name, measured in SUPPORTED_METRICS.items())
