"""Draw corrections of real passages: an answer is replaced by another of its kind, later in the article."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.core import seeded_random
from pipeline.core.params.corrections import Corrections
from pipeline.world.answer_kinds import find_kind, get_number, is_name, is_number, load_rules, may_replace
from pipeline.world.correctable import ArticleText, Correctable, list_correctable, locate
from pipeline.world.squad_articles import SquadArticle

Pool = Mapping[str, Sequence[str]]  # by kind: the answers of a file, sorted


def iter_records(
    params: Corrections, files: Mapping[str, Sequence[SquadArticle]]
) -> Iterator[dict[str, Any]]:
    """Yield a record per article of each file: its split and its corrections."""
    test = _draw_test_articles(params, files)
    texts = Counter(
        paragraph.text.strip()
        for articles in files.values()
        for article in articles
        for paragraph in article.paragraphs
    )
    repeated = {text for text, count in texts.items() if count > 1}
    for file, articles in files.items():
        pool = _collect_answers(articles)
        for article in articles:
            split = "test" if (file, article.index) in test else "train"
            corrections = _Corrector(params, file, article, split, repeated).correct(pool)
            yield {
                "file": file,
                "article": article.index,
                "title": article.title,
                "split": split,
                "corrections": corrections,
            }


def _draw_test_articles(
    params: Corrections, files: Mapping[str, Sequence[SquadArticle]]
) -> set[tuple[str, int]]:
    """Draw the articles of test: at least one of two where `test` is over 0."""
    articles = [(file, article.index) for file in files for article in files[file]]
    count = round(len(articles) * params.test / 100)
    if params.test and len(articles) > 1:
        count = min(max(count, 1), len(articles))
    return set(seeded_random.shuffled(articles, str, params.seed, "test")[:count])


def _collect_answers(articles: Sequence[SquadArticle]) -> Pool:
    """Return the answers of a file by kind. A name has the kind that most questions give it."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for article in articles:
        for paragraph in article.paragraphs:
            for question in paragraph.questions:
                value = min(question.answers, key=len, default="")
                kind = find_kind(question.text, value)
                if kind is not None and (not is_name(kind) or locate(kind, value, paragraph)):
                    counts[get_number(value) if is_number(kind) else value][kind] += 1
    pool: dict[str, list[str]] = defaultdict(list)
    for value, kinds in counts.items():
        (kind, count), *others = kinds.most_common(2)
        if not others or count > others[0][1]:
            pool[kind].append(value)
    return {kind: sorted(values) for kind, values in pool.items()}


class _Corrector:
    """Draws the corrections of an article."""

    def __init__(
        self, params: Corrections, file: str, article: SquadArticle, split: str, repeated: set[str]
    ) -> None:
        """Begin; `repeated`: texts that stand more than once in the files, of which the format keeps one."""
        self._params = params
        self._names = (file, article.index)
        self._article = article
        self._indices = [one.index for one in article.paragraphs if one.text.strip() not in repeated]
        self._framings: list[str] = load_rules()["framings"][split]
        self._text = ArticleText(article)
        self._used: set[str] = set()

    def correct(self, pool: Pool) -> list[dict[str, Any]]:
        """Return the corrections, in the order of their passages."""
        places: dict[int, list[Correctable]] = defaultdict(list)
        early = set(self._indices[: -self._params.min_distance])
        for place in list_correctable(self._article, self._text):
            index = place.paragraph.index
            known = not is_name(place.kind) or place.old in pool.get(place.kind, ())
            if index in early and known and self._list_new(place, pool):
                places[index].append(place)
        drawn = seeded_random.shuffled(places, str, self._params.seed, *self._names, "passages")
        count = round(len(drawn) * self._params.percent / 100)
        corrections = []
        for index in sorted(drawn[:count]):
            place = self._choose(places[index], index, "place")
            values = self._list_new(place, pool)
            if values:  # others may be used up meanwhile
                new = self._choose(values, index, "new")
                self._used.add(new)
                corrections.append(self._describe(place, new))
        return corrections

    def _list_new(self, place: Correctable, pool: Pool) -> list[str]:
        """Return the values that may replace an answer."""
        values = pool.get(place.kind, ())
        if is_number(place.kind):  # it keeps its unit
            values = [place.old.replace(get_number(place.old), value, 1) for value in values]
        return [
            value
            for value in values
            if value not in self._used
            and may_replace(place.kind, place.old, value, place.sentence, place.paragraph.text)
            and self._text.lacks(place.kind, value)
        ]

    def _describe(self, place: Correctable, new: str) -> dict[str, Any]:
        """Return the record of a correction; `after`: the index of the paragraph that it follows."""
        params = self._params
        distance = seeded_random.randint(
            params.min_distance,
            params.max_distance,
            params.seed,
            *self._names,
            place.paragraph.index,
            "distance",
        )
        position = self._indices.index(place.paragraph.index) + distance
        framing = self._choose(self._framings, place.paragraph.index, "framing")
        sentence = place.replace(new)
        return {
            "text": framing.format(title=self._article.title, sentence=sentence),
            "sentence": sentence,
            "kind": place.kind,
            "old": place.old,
            "new": new,
            "paragraph": place.paragraph.index,
            "start": place.start,
            "after": self._indices[min(position, len(self._indices) - 1)],
            "questions": [
                {"index": question.index, "id": question.id, "text": question.text}
                for question in place.questions
            ],
        }

    def _choose(self, options: Sequence[Any], *names: object) -> Any:
        return options[seeded_random.draw(self._params.seed, *self._names, *names) % len(options)]
