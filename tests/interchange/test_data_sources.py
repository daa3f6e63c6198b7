"""The names under which rows are exported: those that the public training code knows."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.chunking import Context
from pipeline.interchange.data_sources import MEASURED, data_source, joined, metric
from pipeline.interchange.mem_alpha import Named, export
from pipeline.params import load_params
from pipeline.road import travel
from pipeline.schema import Instance, Metric, Origin, Question
from pipeline.sources import parse
from tests.conftest import ROOT
from tests.sources.test_golden import SPLIT, raw_of, recipe_of

# The keys of config/prompts_wrt_datasource.yaml in github.com/wangyu-ustc/Mem-alpha at commit
# 9c0e1f6482f8ea7a322012a8155247966285946f, but for `unified_prompt`; its training looks each row up there.
KNOWN = {
    *("squad", "hotpotqa", "booksum", "infbench_sum_eng_shots2", "pubmed-rct", "ttl_train", "perltqa"),
    *("lme_train", "accurate_retrieval", "ruler_qa1_197K", "ruler_qa2_421K", "infbench_qa_eng_shots2"),
    *("longmemeval_s*", "long_range_understanding", "test_time_learning", "icl_banking77_5900shot_balance"),
    *("icl_clinic150_7050shot_balance", "icl_nlu_8296shot_balance", "icl_trec_coarse_6600shot_balance"),
    "icl_trec_fine_6400shot_balance",
}


def question(metric: Metric, origin: Origin = "carried", answers: Sequence[str] = ("x",)) -> Question:
    return Question("made/q", "Who?", list(answers), metric, origin, None, None, [], [], None)


def test_the_names_are_theirs() -> None:
    assert set(MEASURED) == KNOWN


@pytest.mark.parametrize("file", ["params.yaml", "params.paper.yaml"])
def test_every_source_has_a_known_name(file: str, context: Context, tmp_path: Path) -> None:
    """Bar: for every source in `use` of both params, made out of its golden file."""
    params = load_params(ROOT / file)
    rows = {name: source.paper.row if source.paper else None for name, source in params.sources.items()}
    instances: list[Instance] = []
    for name in params.use:
        own = replace(context, source=name, split=SPLIT)
        made = travel(parse(name, raw_of(name)), recipe_of(name), own)[0]
        assert made
        instances += made
    named = Named()
    assert export(tmp_path / "train.parquet", instances, rows, named) == len(instances)
    assert not named.left_out and {source for source, _ in named.rows} == set(params.use)
    exported = defaultdict(set)
    for row in pq.read_table(tmp_path / "train.parquet").to_pylist():
        assert row["data_source"] in KNOWN
        asked = json.loads(row["questions_and_answers"])
        assert {one["metric"] for one in asked} <= MEASURED[row["data_source"]]
        assert json.loads(row["metadata"])["memcurate"]["source"] in params.use
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
        (None, [question("contains", "cloze")], "squad"),
        (None, [question("contains"), question("judge")], "lme_train"),
        (None, [question("keywords", "summary"), question("contains", "cloze")], "booksum"),
        (None, [question("keywords", "written"), question("contains")], "perltqa"),
        (None, [question("exact", "held-out")], "icl_nlu_8296shot_balance"),
        (None, [], "squad"),
        ("PerLTQA", [question("keywords"), question("contains")], "perltqa"),
        ("PerLTQA", [question("judge"), question("contains")], "lme_train"),  # a sentence is never contained
        ("HotpotQA", [question("contains")], "hotpotqa"),
        ("a row of another paper", [question("contains")], "squad"),
        (None, [question("exact", "held-out"), question("contains", "cloze")], None),
    ],
)
def test_a_name_that_measures_all_questions(
    paper_row: str | None, questions: list[Question], name: str | None
) -> None:
    """Also for a source of the user's own, which no table of ours has."""
    assert data_source("my_own", paper_row, questions) == name


def test_what_has_no_name_is_left_out_and_told(context: Context, tmp_path: Path) -> None:
    own = replace(context, source="squad", split=SPLIT)
    first, second, *_ = travel(parse("squad", raw_of("squad")), recipe_of("squad"), own)[0]
    first.questions.append(question("exact", "held-out"))
    named = Named()
    assert export(tmp_path / "train.parquet", [first, second], {}, named) == 1
    (told,) = named.left_out
    assert first.id in told and "contains and exact" in told and "sources.squad.questions" in told
    assert pq.read_table(tmp_path / "train.parquet").column("instance_id").to_pylist() == [0]


def test_keywords_are_joined_as_they_are_split_there() -> None:
    assert joined(["Elena", "Lake Mirren"], "booksum") == "Elena, Lake Mirren"
    assert joined(["lock", "wheel"], "perltqa") == "lock;wheel"


def test_the_metric_of_a_name_is_one_that_it_measures() -> None:
    assert all(metric(name) in measured for name, measured in MEASURED.items())
