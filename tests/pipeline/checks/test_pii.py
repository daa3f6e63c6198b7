"""PII and secrets are found whole and located; texts that only look like them are not found."""

from dataclasses import replace

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.checks.pii import find_pii
from pipeline.core.schema import PiiFinding
from tests.pipeline.questions.factories import make_instance

# Secrets are assembled here, so that secret scanners do not report this file.
# pragma: allowlist nextline secret
BODY = "Zx81qLmP0tRw7KdNs4YbVc2HgJf6AeUo3TiXyQ5rBnMlCkEpWvDzShGa9Fu"
UPPER = "QX7ZLMPTRW2KDNS4"
# pragma: allowlist nextline secret
PEM = f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{BODY}=\n-----END RSA PRIVATE KEY-----"
JWT = "eyJ" + BODY[:30] + ".eyJ" + BODY[5:40] + "." + BODY[:43]


def find_kinds(text: str) -> list[tuple[str, str]]:
    """Return (kind, characters) of each finding in a text."""
    return [(one.kind, text[one.source_span.start : one.source_span.end]) for one in find_in_text(text)]


def find_in_text(text: str) -> list[PiiFinding]:
    return find_pii(make_instance("made/i", {"made/s": text}))


@pytest.mark.parametrize(
    ("kind", "hidden"),
    [
        ("email", "ann.lee@mail.test-site.co.uk"),
        ("email", "a_b+news@x.org"),
        ("email", "ANN@SITE.EDU"),
        ("phone", "(808) 782-1557"),
        ("phone", "281-330-8004"),
        ("phone", "213.555.0199"),
        ("phone", "2133734253"),
        ("phone", "1-800-273-8255"),
        ("phone", "020 7946 0958"),
        ("phone", "+49 30 901820"),
        ("phone", "+33 1 42 68 53 00"),
        ("card", "4111 1111 1111 1111"),
        ("card", "5500-0000-0000-0004"),
        ("card", "3782 822463 10005"),
        ("card", "6011000990139424"),
        ("key", "AKIA" + UPPER),
        ("key", "ASIA" + UPPER),
        ("key", "ghp_" + BODY[:36]),
        ("key", "github_pat_" + BODY[:22] + "_" + BODY[:59]),
        ("key", "xoxb-" + "2048351976-" + BODY[:24]),
        ("key", "https://hooks.slack.com/services/" + "T0" + UPPER[:8] + "/B0" + UPPER[:8] + "/" + BODY[:24]),
        ("key", "sk-" + BODY[:48]),
        ("key", "sk-proj-" + BODY[:40] + "_" + BODY[:20]),
        ("key", "sk_live_" + BODY[:24]),
        ("key", "AIza" + BODY[:35]),
        ("key", JWT),
        ("key", PEM),
    ],
)
@pytest.mark.parametrize("frame", ["{}", "Well, it is {}.", "({})", '"{}", she said', "this:\n{}\nor not"])
def test_pii_is_found_whole(kind: str, hidden: str, frame: str) -> None:
    assert find_kinds(frame.format(hidden)) == [(kind, hidden)]


@pytest.mark.parametrize(
    "text",
    [
        # e-mail
        "wut!@@@@@!@!@",
        "Fallen Angels Tuesdays@9.",
        "Follow @jasminestar and Focus@Will.",
        "the host of @midnight",
        "rachel@example.com, tom@mail.example.org",
        "scores@10.5.3",
        # numbers
        "And it came to pass, 1 Samuel 17:4 17:5 18:1 2:10 3:16",
        "They won 21-14, 28-10, 35-7 and 42-3 in 1998-2001.",
        "He reigned 1509-1547, she 1558-1603, they 1603-1625-1649.",
        "TechConnect 2023-02-10/11, 2024-01-01 00:00",
        "so lets say 800 2200 300 and 15",
        "It had 1,234,567,890 people and 3.14159265358979.",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "call 555-1234 or 555-555-5555",
        "the square of 2222222222",
        "ISBN 978-0-306-40615-7",
        # right by Luhn, of no issuer; of an issuer, but part of something longer
        "1234567812345670",
        "a4111111111111111, 0.4111111111111111, 4111111111111111-2, 41111111111111110000",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        # keys: too short, placeholders, within words
        "AKIA, AKIA" + "X" * 16 + ", SAKIA" + UPPER,
        "sk-" + "x" * 48 + " and task-" + BODY[:48],
        "ghp_short, " + "ghp_" + "0" * 36,
        "-----BEGIN PUBLIC KEY-----, a PRIVATE KEY",
        "eyJust.eyJoke.eyJest",
    ],
)
def test_texts_that_only_look_like_pii_are_not_found(text: str) -> None:
    assert find_kinds(text) == []


ISSUERS = [("4", 13), ("4", 16), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15)]
ISSUERS += [
    ("37", 15),
    ("300", 14),
    ("36", 14),
    ("6011", 16),
    ("649", 16),
    ("65", 16),
    ("3528", 16),
    ("62", 18),
]
GROUPS = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """Draw digits with an issuer's prefix and length, and the one last digit that Luhn's sum allows."""
    prefix, length = draw(st.sampled_from(ISSUERS))
    count = length - len(prefix) - 1
    digits = prefix + "".join(draw(st.lists(st.sampled_from("0123456789"), min_size=count, max_size=count)))
    worth = {0: "0123456789", 1: "0516273849"}  # the digit's index is what it adds to the sum, doubled or not
    total = sum(worth[1 - place % 2].index(digit) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def group_digits(digits: str, separator: str) -> str:
    parts, start = [], 0
    for length in GROUPS.get(len(digits), (len(digits),)):
        parts.append(digits[start : start + length])
        start += length
    return separator.join(parts)


@settings(deadline=None)  # a country's numbers are read from disk once
@given(card_numbers(), st.sampled_from(["", " ", "-"]), st.sampled_from(["{}", "Pay {}.", "no {} 12/27 123"]))
def test_any_card_number_is_found_whole(digits: str, separator: str, frame: str) -> None:
    number = group_digits(digits, separator)
    assert ("card", number) in find_kinds(frame.format(number))


@settings(deadline=None)  # a country's numbers are read from disk once
@given(card_numbers(), st.sampled_from(["", " ", "-"]), st.data())
def test_a_card_number_with_a_wrong_digit_is_not_found(
    digits: str, separator: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[place]]))
    wrong = group_digits(digits[:place] + other + digits[place + 1 :], separator)
    assert [one for one in find_kinds(f"Pay {wrong}.") if one[0] == "card"] == []


@settings(deadline=None)  # a country's numbers are read from disk once
@given(
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    st.sampled_from([phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164]),
)
def test_phone_numbers_of_any_country_are_found_whole(region: str, number_format: int) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    number = phonenumbers.format_number(example, number_format)
    assert find_kinds(f"Call me on {number} tonight.") == [("phone", number)]


def test_a_finding_has_its_location_and_is_masked() -> None:
    instance = make_instance(
        "made/i", {"made/r": "x"}, {"made/s": "No.", "made/t": "Mail ann@site.edu, Bob."}
    )
    segment = instance.chunks[1].segments[1]
    segment.source_span = replace(
        segment.source_span, file="chats.json", record="/3/text", start=100, end=123
    )
    (one,) = find_pii(replace(instance, split="test"))
    assert (one.source, one.split, one.instance, one.segment) == ("made", "test", "made/i", "made/t")
    assert one.source_span == replace(segment.source_span, start=105, end=117)
    assert (one.kind, one.masked) == ("email", "an********du")


def test_findings_come_in_reading_order_and_never_overlap() -> None:
    text = "4111 1111 1111 1111, 2133734253@site.edu, then 281-330-8004, ann@site.edu; 281-330-8004."
    kinds = ["card", "email", "phone", "email", "phone"]
    assert [kind for kind, _ in find_kinds(text)] == kinds
    assert len({one.id for one in find_in_text(text)}) == len(kinds)


def test_the_template_is_not_searched() -> None:
    instance = make_instance("made/i", {"made/s": "No."})
    chunk = instance.chunks[0]
    chunk.text = chunk.text.replace("Opening.", "o@pen.co")
    assert find_pii(instance) == []
    assert find_kinds("o@pen.co") == [("email", "o@pen.co")]
