"""What checks read of an instance."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.chunking import ChunkingContext
from pipeline.text.content_words import content_words
from tests.pipeline.checks.factories import make_check_context

WORDS = st.sampled_from(
    "red RED reds red, bicycle bicycles racing Émile Éric the 東京 tea team\n steam\r\n ﬁre".split(" ")
)
TEXTS = st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=12)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=1, max_size=6), TEXTS, st.integers(1, 5))
def test_segments_that_share_words_are_those_of_a_search_of_all(
    context: ChunkingContext, texts: list[str], text: str, min_shared: int
) -> None:
    """Those with the first of the words come first, then by place."""
    words = content_words(text)
    segments = {f"made/{index}": text for index, text in enumerate(texts)}
    shared = [(words & content_words(text), identity) for identity, text in segments.items()]
    expected = sorted((min(found), identity) for found, identity in shared if len(found) >= min_shared)
    checked = make_check_context(context, segments)
    assert list(checked.segments_sharing(words, min_shared)) == [identity for _, identity in expected]
