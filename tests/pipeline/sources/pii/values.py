"""Values of personal data, and texts that hold them."""

from hypothesis import strategies as st

from tests.pipeline.checks.test_pii import BODY, PEM, UPPER, card_numbers, group_digits

VALUES = (
    *("ann.lee@mail.test-site.co.uk", "a@b.de", "ANN@SITE.EDU", "12345678@qq.com"),
    *("(808) 782-1557", "2133734253", "+49 30 901820", "+33 1 42 68 53 00", "0170 1234567", "0171/1234567"),
    *("4111 1111 1111 1111", "3782 822463 10005"),
    *("AKIA" + UPPER, "ghp_" + BODY[:36], "sk_live_" + BODY[:24], PEM),
)
KEY = "5ec8e7" * 8

values = st.sampled_from(VALUES) | st.tuples(card_numbers(), st.sampled_from(["", " ", "-"])).map(
    lambda one: group_digits(*one)
)
# Values between, before and within other characters, and beside each other.
texts = st.lists(
    values | st.text(max_size=6) | st.sampled_from([" ", ", ", "\n", "@", ".", "(", "+49 ", "电话", "12 34"]),
    max_size=8,
).map("".join)
