"""The names that Mem-alpha's training code knows data sources by, and what it does by them.

As of commit 9c0e1f6 of github.com/wangyu-ustc/Mem-alpha, `config/prompts_wrt_datasource.yaml` has a prompt
for each name, and a row of another name ends the training; `verl/workers/reward_manager/naive.py` and
`evaluate_agent_results.py` choose the metric by it. One name counts for all questions of a row.
"""

from collections.abc import Collection

from pipeline.schema import Metric, Question

_CONTAINED: frozenset[Metric] = frozenset({"contains"})
_BY_KEYWORD: frozenset[Metric] = frozenset({"keywords", "contains"})  # one keyword is contained or not
_BOXED: frozenset[Metric] = frozenset({"exact"})
_JUDGED: frozenset[Metric] = frozenset({"judge", "contains", "keywords"})  # a model reads the gold answer

# Which of our metrics that code measures rightly under each name.
MEASURED: dict[str, frozenset[Metric]] = {
    "squad": _CONTAINED,
    "hotpotqa": _CONTAINED,
    "accurate_retrieval": _CONTAINED,
    "ruler_qa1_197K": _CONTAINED,
    "ruler_qa2_421K": _CONTAINED,
    "infbench_qa_eng_shots2": _CONTAINED,
    "perltqa": _BY_KEYWORD,
    "booksum": _BY_KEYWORD,
    "infbench_sum_eng_shots2": _BY_KEYWORD,
    "long_range_understanding": _BY_KEYWORD,
    "pubmed-rct": _BOXED,
    "ttl_train": _BOXED,
    "test_time_learning": _BOXED,
    "icl_banking77_5900shot_balance": _BOXED,
    "icl_clinic150_7050shot_balance": _BOXED,
    "icl_nlu_8296shot_balance": _BOXED,
    "icl_trec_coarse_6600shot_balance": _BOXED,
    "icl_trec_fine_6400shot_balance": _BOXED,
    "lme_train": _JUDGED,
    "longmemeval_s*": _JUDGED,
}
# Those whose answers are keywords joined by commas; elsewhere keywords are joined by semicolons.
_COMMAS = frozenset({"booksum", "infbench_sum_eng_shots2", "long_range_understanding"})

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
# Our sources that the paper has no row for, or that stand beside none in params.yaml.
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
# By what is asked, where neither says it; the first that measures all questions of a row is taken. Labels go
# under a name with `icl`: its evaluation measures no other by the number alone.
_BY_METRICS = ("squad", "perltqa", "icl_nlu_8296shot_balance", "lme_train")


def data_source(source: str, paper_row: str | None, questions: Collection[Question]) -> str | None:
    """Return the name to export a row of `source` under: one that measures all of its questions rightly.

    `paper_row`: the source's `paper.row` in params.yaml; its name is taken where it measures them, and else
    that of the source, or one by the metrics. None: no name measures them all.
    """
    metrics = {question.metric for question in questions}
    named = [_BY_PAPER_ROW.get(paper_row or ""), _BY_SOURCE.get(source)]
    summary = ["booksum"] if any(question.origin == "summary" for question in questions) else []
    for name in [*named, *summary, *_BY_METRICS]:
        if name is not None and metrics <= MEASURED[name]:
            return name
    return None


def joined(keywords: Collection[str], name: str) -> str:
    """Return keywords as the one string that the code splits again under a data source's name."""
    return (", " if name in _COMMAS else ";").join(keywords)


def metric(name: str) -> Metric:
    """Return how answers of a published data source are measured; those of an unknown one by containment."""
    if name.startswith(("icl_", "pubmed", "ttl_", "test_time_learning")):
        return "exact"
    if name.startswith(("perltqa", "booksum", "infbench_sum", "long_range_understanding")):
        return "keywords"
    return "judge" if name.startswith(("lme_", "longmemeval")) else "contains"
