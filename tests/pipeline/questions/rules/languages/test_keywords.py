"""Keywords in other languages: numbers by the format of each, dates, titles, code, and names by evidence."""

import pytest

from pipeline.questions.rules.languages.spaced_keywords import extract_spaced_keywords
from pipeline.questions.rules.languages.tokens import InstanceWords
from pipeline.questions.rules.languages.unspaced_keywords import extract_unspaced_keywords
from pipeline.text.languages import find_language
from pipeline.text.languages.language import SpacedLanguage, UnspacedLanguage


def find_keywords(code: str, sentence: str, *texts: str) -> list[tuple[str, str]]:
    """Return (kind, text) of the keywords; `texts`: more of the instance."""
    language = find_language(code)
    if isinstance(language, UnspacedLanguage):
        found = extract_unspaced_keywords(sentence, language)
    else:
        assert isinstance(language, SpacedLanguage)
        words = InstanceWords.from_texts([sentence, *texts], language)
        found = extract_spaced_keywords(sentence, language, words)[1]
    assert all(sentence[one.start : one.end] == one.text for one in found)
    return [(one.kind, one.text) for one in found]


@pytest.mark.parametrize(
    ("code", "sentence", "expected"),
    [
        ("de", "es waren 1.234,5 Meter", [("number", "1.234,5")]),
        ("de", "es waren 10 000 Meter", [("number", "10 000")]),
        ("de", "es waren 3 Millionen Euro", [("number", "3 Millionen")]),
        ("de", "es waren zwölf Schiffe", [("number", "zwölf")]),
        ("de", "es waren fünfundzwanzig Schiffe", [("number", "fünfundzwanzig")]),
        ("de", "es geschah im 19. Jahrhundert", [("number", "19")]),
        ("de", "es geschah 1871 und danach", [("time", "1871")]),
        ("de", "es waren 1500 Schiffe", [("number", "1500")]),
        ("de", "es geschah am 1. März 1979 dort", [("time", "1. März 1979")]),
        ("de", "es geschah im März 1979 dort", [("time", "März 1979")]),
        ("de", "es geschah im März dort", []),
        ("de", "es waren Millionen dort", []),
        ("de", "es waren 5-fache und 6½ und 20:30 und 1914–1918", []),
        ("es", "eran 1.234,5 metros", [("number", "1.234,5")]),
        ("es", "eran treinta y cuatro barcos", [("number", "treinta y cuatro")]),
        ("es", "eran mil treinta barcos", [("number", "mil treinta")]),
        ("es", "ocurrió el 1 de marzo de 1979 allí", [("time", "1 de marzo de 1979")]),
        ("es", "ocurrió el 1º de marzo del 1979 allí", [("time", "1º de marzo del 1979")]),
        ("es", "ocurrió en marzo de 1979 allí", [("time", "marzo de 1979")]),
        ("fr", "il y a 1 234,5 mètres", [("number", "1 234,5")]),
        ("fr", "il y a vingt et un bateaux", [("number", "vingt et un")]),
        ("fr", "il y a quatre-vingt-douze bateaux", [("number", "quatre-vingt-douze")]),
        ("fr", "c'était le 1er mars 1979 là-bas", [("time", "1er mars 1979")]),
        ("zh", "他们走了25公里", [("number", "25")]),
        ("zh", "他们走了1,234.5公里", [("number", "1,234.5")]),
        ("zh", "价值 376亿美元", [("number", "376亿")]),
        ("zh", "共有一百二十名学生", [("number", "一百二十")]),
        ("zh", "比例达到51.6%了", [("number", "51.6")]),
        ("zh", "他于1998年出生", [("time", "1998")]),
        ("zh", "他于1998 年出生", [("time", "1998")]),
        ("zh", "他于1998年3月5日出生", [("time", "1998年3月5日")]),
        ("zh", "他于二〇一四年出生", [("time", "二〇一四")]),
        ("zh", "在1990年代和第5章以及2019年前", []),
        ("zh", "气温是25-30度", [("number", "30")]),
    ],
)
def test_numbers_and_dates(code: str, sentence: str, expected: list[tuple[str, str]]) -> None:
    if sentence.endswith("25-30度"):
        expected = []  # a range
    assert find_keywords(code, sentence) == expected


@pytest.mark.parametrize(
    ("code", "sentence", "expected"),
    [
        ("de", "der Film „Der blaue Engel“ lief dort", [("title", "Der blaue Engel")]),
        ("de", "das Wort „Amazonas“ steht dort", [("title", "Amazonas")]),
        ("de", "die „Haare“ sind dort", []),
        ("de", "sie sagte: „Das weiß ich nicht.“", []),
        ("de", "siehe Abschnitt 3, „Die lange Reise“", []),
        (
            "es",
            "la película «La lengua de las mariposas» es buena",
            [("title", "La lengua de las mariposas")],
        ),
        ("fr", "le roman « Les Misérables » est long", [("title", "Les Misérables")]),
        ("zh", "他写了《红楼梦》这本书", [("title", "红楼梦")]),
        ("zh", "这条河被称为“五月河”了", [("title", "五月河")]),
        ("zh", "那里的“头发”很长", []),
        ("de", "die Variable max_tokens und `git push` und getUser", [("code", "max_tokens")]),
        ("zh", "变量 max_tokens 是数字", [("code", "max_tokens")]),
    ],
)
def test_titles_and_code(code: str, sentence: str, expected: list[tuple[str, str]]) -> None:
    found = find_keywords(code, sentence)
    if "git push" in sentence:
        expected = [("code", "max_tokens"), ("code", "git push"), ("code", "getUser")]
    assert found == expected


@pytest.mark.parametrize(
    ("code", "sentence", "expected"),
    [
        ("es", "la reina visitó París con Marie Curie", ["París", "Marie Curie"]),
        ("es", "estudió en la Universidad de Chicago", ["Universidad de Chicago"]),
        ("es", "El Rin nace en los Alpes", ["Rin", "Alpes"]),
        ("es", "Ayer llegó otro barco", []),
        ("es", "véase la Sección 5 del libro", []),
        ("fr", "la reine visita l’Allemagne avec Jeanne d’Arc", ["Allemagne", "Jeanne d’Arc"]),
        ("fr", "il étudia à l'Université de Chicago", ["Université de Chicago"]),
        ("fr", "la version de XFree86 est là", []),
        ("de", "dort traf er Luke Kuechly wieder", ["Luke Kuechly"]),
        ("de", "dort lebte die Königin Victoria lange", ["Victoria"]),
        ("de", "er zog nach Frankreich und nach Hause", ["Frankreich"]),
        ("de", "sie besuchte die Küsten Europas und den Tod", []),
        ("de", "das ist die Stadt", []),
        ("de", "er sprach mit dem Autor Thomas Mann", []),
        ("zh", "经济学家托马斯·皮凯蒂在会上发言", ["托马斯·皮凯蒂"]),
        ("zh", "他与安迪·泰勒，和别人", ["安迪·泰勒"]),
        ("zh", "由 Digital Equipment Corporation 设计", ["Digital Equipment Corporation"]),
        ("zh", "国家橄榄球联盟 (NFL) 的比赛", []),
        ("zh", "在芝加哥大学的图书馆", ["芝加哥大学"]),
        ("zh", "沃伊切赫剧院 Bogusławski Theatre 很大", ["Bogusławski Theatre"]),
        ("zh", "参数 Acquire::PDiffs 设置", []),
    ],
)
def test_names(code: str, sentence: str, expected: list[str]) -> None:
    found = find_keywords(code, sentence)
    assert [text for kind, text in found if kind in ("name", "place")] == expected


def test_a_word_that_has_an_article_elsewhere_is_no_name() -> None:
    sentence = "dort stand Rathaus Turmbau lange"
    assert find_keywords("de", sentence) == [("name", "Rathaus Turmbau")]
    assert find_keywords("de", sentence, "er sah das alte Rathaus.") == []


def test_a_capital_at_the_beginning_says_nothing_alone() -> None:
    sentence = "Napoleón invadió entonces otro país"
    assert find_keywords("es", sentence) == []
    assert find_keywords("es", sentence, "después vino Napoleón.") == [("name", "Napoleón")]
    assert find_keywords("es", sentence, "después vino Napoleón, un napoleón.") == []
