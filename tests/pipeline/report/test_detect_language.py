"""The language of a source's files is written into its block where it plainly is not English."""

import pytest

from pipeline.report.detect_language import detect_language
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.parsed import Book, ParsedSource

TEXTS = {
    "de": "Ich habe gestern mit meiner Schwester über den Umzug nach Bonn gesprochen, und sie ist froh.",
    "fr": "Hier nous avons parlé avec notre voisine du voyage, et elle nous a dit que c'était très beau.",
    "es": "Ayer hablé con mi hermana sobre el viaje que hicimos, y me dijo que todo le había gustado mucho.",
    "zh": "昨天我和妹妹谈了搬家的事情，她说她非常高兴，因为新的房子离公园很近。",
    "ja": "昨日、妹と引っ越しについて話しました。新しい家は公園に近いので、とても喜んでいました。",
    "ko": "어제 여동생과 이사에 대해 이야기했어요. 새 집이 공원에서 가까워서 아주 기뻐했어요.",
    None: "Yesterday I talked with my sister about the move to Leipzig, and she is very happy about it all.",
}


def make_chat(*texts: str) -> ParsedSource:
    builder = DocumentBuilder("made", "a.txt", "a")
    for text in texts:
        builder.add(text, speaker="Ann")
    return ParsedSource(documents=[builder.build()])


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_the_language_of_a_chat_and_of_a_book(language: str | None, text: str) -> None:
    assert detect_language(make_chat(*[text] * 3, "Ok", "haha")) == language
    long = f"{text}\n" * 200
    assert detect_language(ParsedSource(books=[Book("a", "a", long, [(0, len(long), "")])])) == language


def test_a_source_of_two_languages_is_that_of_most_of_its_text() -> None:
    german, english = f"{TEXTS['de']} " * 100, f"{TEXTS[None]} " * 100
    assert detect_language(make_chat(german, german, english)) == "de"
    assert detect_language(make_chat(german, english, english)) is None


@pytest.mark.parametrize(
    "parsed", [ParsedSource(), make_chat("Вчера я говорила с сестрой о переезде в город.")]
)
def test_what_is_not_plain_is_not_told(parsed: ParsedSource) -> None:
    """No text, and a script of several languages."""
    assert detect_language(parsed) is None
