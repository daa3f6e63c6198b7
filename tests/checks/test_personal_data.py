"""Personal data is found whole and where it stands; what only looks like it is not."""

from dataclasses import replace

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.checks.personal_data import find
from pipeline.schema import Finding
from tests.questions.making import make_instance

# Secrets are put together here, so that no scanner takes this file for a leak.
BODY = "Zx81qLmP0tRw7KdNs4YbVc2HgJf6AeUo3TiXyQ5rBnMlCkEpWvDzShGa9Fu"
UPPER = "QX7ZLMPTRW2KDNS4"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{BODY}=\n-----END RSA PRIVATE KEY-----"
JWT = "eyJ" + BODY[:30] + ".eyJ" + BODY[5:40] + "." + BODY[:43]


def found(text: str) -> list[tuple[str, str]]:
    """(kind, the characters) of what is found in a text."""
    return [(one.kind, text[one.raw.start : one.raw.end]) for one in findings(text)]


def findings(text: str) -> list[Finding]:
    return find(make_instance("made/i", {"made/s": text}))


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
def test_personal_data_is_found_whole(kind: str, hidden: str, frame: str) -> None:
    assert found(frame.format(hidden)) == [(kind, hidden)]


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
def test_what_only_looks_like_it_is_not_found(text: str) -> None:
    assert found(text) == []


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
    """Digits with an issuer's prefix and length, and the one last digit that Luhn's sum allows."""
    prefix, length = draw(st.sampled_from(ISSUERS))
    count = length - len(prefix) - 1
    digits = prefix + "".join(draw(st.lists(st.sampled_from("0123456789"), min_size=count, max_size=count)))
    worth = {0: "0123456789", 1: "0516273849"}  # the digit's index is what it adds to the sum, doubled or not
    total = sum(worth[1 - place % 2].index(digit) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def in_groups(digits: str, between: str) -> str:
    parts, start = [], 0
    for length in GROUPS.get(len(digits), (len(digits),)):
        parts.append(digits[start : start + length])
        start += length
    return between.join(parts)


@settings(deadline=None)  # a country's numbers are read from disk once
@given(card_numbers(), st.sampled_from(["", " ", "-"]), st.sampled_from(["{}", "Pay {}.", "no {} 12/27 123"]))
def test_any_card_number_is_found_whole(digits: str, between: str, frame: str) -> None:
    number = in_groups(digits, between)
    assert ("card", number) in found(frame.format(number))


@settings(deadline=None)  # a country's numbers are read from disk once
@given(card_numbers(), st.sampled_from(["", " ", "-"]), st.data())
def test_a_card_number_with_a_wrong_digit_is_not_found(
    digits: str, between: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[place]]))
    wrong = in_groups(digits[:place] + other + digits[place + 1 :], between)
    assert [one for one in found(f"Pay {wrong}.") if one[0] == "card"] == []


@settings(deadline=None)  # a country's numbers are read from disk once
@given(
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    st.sampled_from([phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164]),
)
def test_any_country_s_phone_number_is_found_whole(region: str, written: int) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    number = phonenumbers.format_number(example, written)
    assert found(f"Call me on {number} tonight.") == [("phone", number)]


def test_a_finding_says_where_it_stands_and_hides_what_it_is() -> None:
    instance = make_instance(
        "made/i", {"made/r": "x"}, {"made/s": "No.", "made/t": "Mail ann@site.edu, Bob."}
    )
    segment = instance.chunks[1].segments[1]
    segment.raw = replace(segment.raw, file="chats.json", record="/3/text", start=100, end=123)
    (one,) = find(replace(instance, split="test"))
    assert (one.source, one.split, one.instance, one.segment) == ("made", "test", "made/i", "made/t")
    assert one.raw == replace(segment.raw, start=105, end=117)
    assert (one.kind, one.masked) == ("email", "an********du")


def test_findings_come_in_reading_order_and_never_overlap() -> None:
    text = "4111 1111 1111 1111, 2133734253@site.edu, then 281-330-8004, ann@site.edu; 281-330-8004."
    kinds = ["card", "email", "phone", "email", "phone"]
    assert [kind for kind, _ in found(text)] == kinds
    assert len({one.id for one in findings(text)}) == len(kinds)


def test_the_frame_is_not_searched() -> None:
    instance = make_instance("made/i", {"made/s": "No."})
    chunk = instance.chunks[0]
    chunk.text = chunk.text.replace("Opening.", "o@pen.co")
    assert find(instance) == []
    assert found("o@pen.co") == [("email", "o@pen.co")]
