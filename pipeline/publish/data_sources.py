"""The data source names of Mem-alpha's training code, and the metrics that the code chooses by them.

As of commit 9c0e1f6 of github.com/wangyu-ustc/Mem-alpha, `config/prompts_wrt_datasource.yaml` has a prompt
for each name, and a row of another name ends the training; `verl/workers/reward_manager/naive.py` and
`evaluate_agent_results.py` choose the metric by the name. One name counts for all questions of a row.
"""

from collections.abc import Collection

from pipeline.core.schema import Metric, Question

_CONTAINMENT_METRICS: frozenset[Metric] = frozenset({"contains"})
_KEYWORD_METRICS: frozenset[Metric] = frozenset({"keywords", "contains"})  # `contains` is a single keyword
_EXACT_METRICS: frozenset[Metric] = frozenset({"exact"})
# A model compares an answer with the gold answer, of whatever form.
_JUDGE_METRICS: frozenset[Metric] = frozenset({"judge", "contains", "keywords"})

# Our metrics that the code measures correctly under each name.
SUPPORTED_METRICS: dict[str, frozenset[Metric]] = {
    "squad": _CONTAINMENT_METRICS,
    "hotpotqa": _CONTAINMENT_METRICS,
    "accurate_retrieval": _CONTAINMENT_METRICS,
    "ruler_qa1_197K": _CONTAINMENT_METRICS,
    "ruler_qa2_421K": _CONTAINMENT_METRICS,
    "infbench_qa_eng_shots2": _CONTAINMENT_METRICS,
    "perltqa": _KEYWORD_METRICS,
    "booksum": _KEYWORD_METRICS,
    "infbench_sum_eng_shots2": _KEYWORD_METRICS,
    "long_range_understanding": _KEYWORD_METRICS,
    "pubmed-rct": _EXACT_METRICS,
    "ttl_train": _EXACT_METRICS,
    "test_time_learning": _EXACT_METRICS,
    "icl_banking77_5900shot_balance": _EXACT_METRICS,
    "icl_clinic150_7050shot_balance": _EXACT_METRICS,
    "icl_nlu_8296shot_balance": _EXACT_METRICS,
    "icl_trec_coarse_6600shot_balance": _EXACT_METRICS,
    "icl_trec_fine_6400shot_balance": _EXACT_METRICS,
    "lme_train": _JUDGE_METRICS,
    "longmemeval_s*": _JUDGE_METRICS,
}
# The names under which the code splits keywords at commas; under others it splits them at semicolons.
_COMMA_SEPARATED = frozenset({"booksum", "infbench_sum_eng_shots2", "long_range_understanding"})

_BY_PAPER_ROW = {
    "SQuAD": "squad",
    "HotpotQA": "hotpotqa",
    "PerLTQA": "perltqa",
    "LongMemEval-train": "lme_train",
    "NLU": "icl_nlu_8296shot_balance",
    "TREC-coarse": "icl_trec_coarse_6600shot_balance",
    "PubMed-RCT": "pubmed-rct",
    "BookSum": "booksum",
    "RULER-QA1": "ruler_qa1_197K",
    "RULER-QA2": "ruler_qa2_421K",
    "LongMemEval (S*)": "longmemeval_s*",
    "TREC-coarse (evaluation)": "icl_trec_coarse_6600shot_balance",
    "TREC-fine (evaluation)": "icl_trec_fine_6400shot_balance",
    "NLU (evaluation)": "icl_nlu_8296shot_balance",
    "CLINIC150": "icl_clinic150_7050shot_balance",
    "BANKING77": "icl_banking77_5900shot_balance",
    "InfBench-Sum": "infbench_sum_eng_shots2",
}
# Sources without a `paper.row` in params.yaml.
_BY_SOURCE = {
    "banking77": "icl_banking77_5900shot_balance",
    "clinc150": "icl_clinic150_7050shot_balance",
    "gutenberg": "booksum",
    "hotpotqa": "hotpotqa",
    "hotpotqa_dev": "hotpotqa",
    "pubmed_rct": "pubmed-rct",
    "trec_coarse": "icl_trec_coarse_6600shot_balance",
    "trec_fine": "icl_trec_fine_6400shot_balance",
}
# For other sources: the first name that measures all questions of a row is taken. Label questions need a name
# with `icl`: the code's evaluation compares numbers exactly under no other.
_FALLBACK_NAMES = ("squad", "perltqa", "icl_nlu_8296shot_balance", "lme_train")


def select_data_source(source: str, paper_row: str | None, questions: Collection[Question]) -> str | None:
    """Select the name under which to export a row of `source`: one that measures all its questions correctly.

    The candidates in order: the name of `paper_row` (the source's `paper.row` in params.yaml), that of the
    source, then names by the questions' metrics. Returns None where no name measures all questions.
    """
    metrics = {question.metric for question in questions}
    preferred = [_BY_PAPER_ROW.get(paper_row or ""), _BY_SOURCE.get(source)]
    summary = ["booksum"] if any(question.origin == "summary" for question in questions) else []
    for name in [*preferred, *summary, *_FALLBACK_NAMES]:
        if name is not None and metrics <= SUPPORTED_METRICS[name]:
            return name
    return None


def join_keywords(keywords: Collection[str], name: str) -> str:
    """Join keywords into the string that the code splits again under a data source's name."""
    return (", " if name in _COMMA_SEPARATED else ";").join(keywords)


def infer_metric(name: str) -> Metric:
    """Return the metric of a published data source's questions; `contains` for an unknown name."""
    if name.startswith(("icl_", "pubmed", "ttl_", "test_time_learning")):
        return "exact"
    if name.startswith(("perltqa", "booksum", "infbench_sum", "long_range_understanding")):
        return "keywords"
    return "judge" if name.startswith(("lme_", "longmemeval")) else "contains"
