"""filter: the questions and instances of one source through the checks; kept, or rejected with a reason."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.checks.personal_data import find
from pipeline.filtering import filter_instances
from pipeline.folders import whole_folder
from pipeline.params import Checks, Params
from pipeline.reviews import judged_bad, read_reviews
from pipeline.schema import Asked, AskedQuestion, Finding, Instance, Reject
from pipeline.statistics import Figures, by_reason, by_step, lost_sides
from pipeline.storage import read_rows, write_rows
from pipeline.text.tokens import Tokenizer
from stages.exits import tell
from stages.running import ASSETS, CHUNKS, FILTERED, QUESTIONS, REVIEWS, run, source_argument

if TYPE_CHECKING:
    from pipeline.endpoint.asking import Asker


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/filtered/<source>: instances with questions, rejects, personal data, sorted by id."""
    corpus = params.sources[source]
    asker = _asker(corpus.checks)
    figures = Figures()
    rejects: list[Reject] = []
    findings: list[Finding] = []

    def kept() -> Iterator[Instance]:
        results = filter_instances(
            read_rows(CHUNKS / source / "instances.parquet", Instance),
            read_rows(QUESTIONS / source / "questions.parquet", AskedQuestion),
            corpus.checks,
            Tokenizer(params.tokenizer, ASSETS),
            judged_bad(read_reviews(REVIEWS / f"{source}.csv")),
            params.dataset.near_duplicate,
            params.seed,
            source,
            asker,
        )
        for instance, dropped in results:
            rejects.extend(dropped)
            if instance is not None:
                figures.add(instance)
                findings.extend(find(instance))
                yield instance

    about = {f"memcurate.about.{key}": value for key, value in corpus.about if value is not None}
    with whole_folder(FILTERED / source) as folder:
        write_rows(folder / "instances.parquet", Instance, kept(), about)
        write_rows(folder / "rejects.parquet", Reject, sorted(rejects, key=lambda one: one.id))
        write_rows(folder / "findings.parquet", Finding, sorted(findings, key=lambda one: one.id))
        models = asker.asked if asker else []
        write_rows(folder / "asked.parquet", Asked, models)
    for line in lost_sides(figures.by_split(), rejects, source in params.dataset.evaluation):
        tell(f"filter@{source}", line)
    kinds = Counter(finding.kind for finding in findings)
    counts = {**figures.by_split(), "rejects": by_reason(rejects), "personal_data": dict(kinds)}
    return {**counts, "asked": by_step(models)} if models else counts


def _asker(checks: Checks) -> "Asker | None":
    """Who asks models, where a check wants one."""
    if checks.closed_book is None and checks.open_book is None:
        return None
    from pipeline.endpoint.asking import Asker  # loads the client: seconds that most sources save

    return Asker()


if __name__ == "__main__":
    run(stage, "filter", source_argument())
