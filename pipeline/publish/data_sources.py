"""The data source names of Mem-alpha's training code, and the metrics that the code chooses by them.

As of commit 9c0e1f6 of github.com/wangyu-ustc/Mem-alpha, `config/prompts_wrt_datasource.yaml` has a prompt
for each name, and a row of another name ends the training; `verl/workers/reward_manager/naive.py` and
`evaluate_agent_results.py` choose the metric by the name. One name counts for all questions of a row.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Metric, Origin, Question
from pipeline.core.unicode import is_well_formed

_CONTAINMENT_METRICS: frozenset[Metric] = frozenset({"contains"})
_KEYWORD_METRICS: frozenset[Metric] = frozenset({"keywords", "contains"})  # `contains` is a single keyword
_EXACT_METRICS: frozenset[Metric] = frozenset({"exact"})
# A model compares an answer with the gold answer, of whatever form.
_JUDGE_METRICS: frozenset[Metric] = frozenset(
    {"judge", "contains", "keywords", "token_f1", "abstain", "number"}
)

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
# Sources without a `parity.row` in params.yaml.
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


@dataclass(slots=True)
class QuestionKind:
    """A question's metric and origin."""

    metric: Annotated[Metric, "as in Question"]
    origin: Annotated[Origin, "as in Question"]


@dataclass(slots=True)
class InstanceQuestionKinds:
    """An instance's source, and the metrics and origins of its questions."""

    source: Annotated[str, "as in Instance"]
    questions: Annotated[list[QuestionKind], "as in Instance"]


@dataclass(frozen=True)
class DataSourceNames:
    """The names under which the rows of a dataset are exported."""

    paper_rows: Mapping[str, str | None] = field(default_factory=dict)  # `parity.row` of each source
    by_source: Mapping[str, str] = field(default_factory=dict)  # the user's names
    for_others: str | None = None  # the user's name of all other sources

    def select(self, source: str, questions: Collection[Question | QuestionKind]) -> str | None:
        """Return the name of a row: the user's, or else one that measures all its questions correctly.

        The candidates in order: the name of the source's `parity.row` in params.yaml, that of the source,
        then names by the questions' metrics. Returns None where no name measures all questions.
        """
        if chosen := self.by_source.get(source, self.for_others):
            return chosen
        metrics = {question.metric for question in questions}
        preferred = [_BY_PAPER_ROW.get(self.paper_rows.get(source) or ""), _BY_SOURCE.get(source)]
        summary = ["booksum"] if any(question.origin == "summary" for question in questions) else []
        for name in [*preferred, *summary, *_FALLBACK_NAMES]:
            if name is not None and metrics <= SUPPORTED_METRICS[name]:
                return name
        return None

    def require_all(self, instances: Iterable[InstanceQuestionKinds]) -> None:
        """Raise MemcurateError where a row has no name, or a source of `by_source` has no row.

        The error lists the sources without a name, with their rows and metrics, and the known names.
        """
        num_rows: dict[str, int] = {}
        num_nameless: dict[str, int] = {}
        metrics: dict[str, set[str]] = {}
        for one in instances:
            num_rows[one.source] = num_rows.get(one.source, 0) + 1
            if self.select(one.source, one.questions) is None:
                num_nameless[one.source] = num_nameless.get(one.source, 0) + 1
                metrics.setdefault(one.source, set()).update(question.metric for question in one.questions)
        for source in self.by_source:
            if source not in num_rows:
                raise MemcurateError(
                    f"--as {source}={self.by_source[source]}: the dataset has no source {source!r}; its "
                    f"sources are {', '.join(sorted(num_rows))}"
                )
        if num_nameless:
            found = "\n".join(
                f"  {source}: {count} of {num_rows[source]} rows, with the metrics "
                f"{' and '.join(sorted(metrics[source]))}"
                for source, count in sorted(num_nameless.items())
            )
            first = min(num_nameless)
            raise MemcurateError(
                "no data source of Mem-alpha's code measures all questions of each row of these sources:\n"
                f"{found}\nName the source yourself with `--as {first}=NAME`, or divide its questions among "
                f"two sources (sources.{first}.questions in params.yaml). Known names:\n"
                f"{describe_known_names()}"
            )


def describe_known_names() -> str:
    """Return the names that Mem-alpha's code knows, a line for each set of metrics that they measure."""
    by_metrics: dict[frozenset[Metric], list[str]] = {}
    for name, metrics in SUPPORTED_METRICS.items():
        by_metrics.setdefault(metrics, []).append(name)
    return "\n".join(
        f"  for {' or '.join(sorted(metrics))}: {', '.join(names)}" for metrics, names in by_metrics.items()
    )


def parse_names(options: Iterable[str], paper_rows: Mapping[str, str | None]) -> DataSourceNames:
    """Parse options `NAME`, for all sources, and `SOURCE=NAME`, which has precedence.

    Raises MemcurateError for a blank name, and where two options are of the same sources.
    """
    by_source: dict[str, str] = {}
    for_others: str | None = None
    for option in options:
        source, equals, name = option.partition("=") if "=" in option else ("", "", option)
        if not any(map(str.isalnum, name)) or (equals and not source) or not is_well_formed(option):
            raise MemcurateError(
                f"--as {option!r}: expected NAME, for all sources, or SOURCE=NAME; a name has a letter or "
                "a digit"
            )
        if (source in by_source) if equals else for_others is not None:
            sources = f"of source {source}" if equals else "for all sources"
            raise MemcurateError(f"--as {option}: there is a name {sources} already; give one")
        if equals:
            by_source[source] = name
        else:
            for_others = name
    return DataSourceNames(paper_rows, by_source, for_others)


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
