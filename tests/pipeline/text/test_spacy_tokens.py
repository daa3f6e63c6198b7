"""The tokens of words: those that spaCy finds in the whole sentence."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.text.spacy_tokens import is_like_number, may_join_words, spacy_tokenizer, split_word

EXCEPTIONS = sorted(rule for rule in spacy_tokenizer().rules if not rule.isspace())
PIECES = """a A Mr. Emma emma's dont cannot I'm 5pm 10km U.S. e.g. self-made well--known said:"yes" www.a.com
x_y 3.5 1,000 's ' " ( ) : ; - -- ... . , ! ? é 中 \u2019 \u2019s °C. / & 8 _
launch'd O'Mink CLAY'S one's's Ne're th' 'tis Given's, it's. Mrs. doin'""".split()
WORDS = st.sampled_from(EXCEPTIONS) | st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=4).map(
    "".join
)
SENTENCES = st.lists(WORDS, max_size=8).map(lambda words: " ".join(" ".join(words).split()))


@settings(deadline=None, max_examples=500)  # the first call loads the rules
@given(SENTENCES)
@example("mess up:) )")
@example("see ( 8 ) and a .")
def test_words_have_the_tokens_of_the_sentence(sentence: str) -> None:
    """Bar: spaCy's very tokens, unless its exceptions may reach over a space."""
    expected = [token.text for token in spacy_tokenizer()(sentence)]
    found = [token for word in sentence.split(" ") for token in split_word(word)]
    assert found == expected or may_join_words(sentence)


def test_an_exception_over_a_space_is_rare() -> None:
    assert may_join_words("mess up:) )")
    assert not may_join_words('Mr. Darcy, of Pemberley, said: "It is 5 miles to Lambton (and back)."')


NUMBERS = "two Two THIRD hundredth st 3rd th 1/2 -5 1,000 \u0663 tw\u00f6 \u017fix".split()


@given(st.sampled_from(NUMBERS) | st.text(min_size=1, max_size=4))
def test_numbers_are_those_of_spacy(token: str) -> None:
    assert is_like_number(token) is spacy_tokenizer().vocab[token].like_num
