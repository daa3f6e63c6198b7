"""Pseudonyms of personal data: hashes under a key (HMAC), written in letters, as long as what they replace.

An e-mail address and a key become `EMAIL-KTRWXBCDFGH` and `KEY-KTRWXBCDFGH`. Of a phone number and a card
number each digit becomes a letter, and a country code stays: `+49 KTR WXBCDFG`. So a number has one pseudonym
in all ways in which it is written, and an answer that stands in its evidence still does. Brackets and `_`
would keep the rules from asking about a sentence.
"""

import hmac
from collections import Counter
from itertools import cycle, islice

import phonenumbers

from pipeline.text.pii import PiiKind, find_pii_spans, list_phone_regions, may_hold_pii

# No vowels, so that no words come out; no digits, so that no number is found in a pseudonym.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_MIN_LETTERS = 8  # where the kind is written before them


class Pseudonyms:
    """The pseudonyms of a source: a function of its key and of the value alone."""

    def __init__(self, key: str, language: str) -> None:
        """`key`: of the source, from which nobody can make pseudonyms without the secret."""
        self._key = key.encode()
        self._language = language

    def mask(self, text: str, counts: Counter[str] | None = None) -> str:
        """Replace each value that is found by its pseudonym of the same length; none is found in the result.

        A value that was found is replaced wherever it stands in the text, also within a longer number.
        `counts`: receives the number of findings of each kind.
        """
        while may_hold_pii(text) and (findings := find_pii_spans(text, self._language)):
            found = {text[start:end]: kind for kind, (start, end) in findings}
            # The longer ones first, for they may hold others.
            for value in sorted(found, key=lambda one: (-len(one), one)):
                text = text.replace(value, self._make_pseudonym(found[value], value))
            if counts is not None:
                counts.update(kind for kind, _ in findings)
        return text

    def _make_pseudonym(self, kind: PiiKind, value: str) -> str:
        match kind:
            case "email":
                return self._name(kind, value, value.casefold())
            case "key":
                return self._name(kind, value, value)
            case "card":
                digits = "".join(filter(str.isdecimal, value))
                return _spell(value, self._draw_letters(kind, digits), num_kept=0)
            case "phone":
                return self._mask_phone(value)

    def _name(self, kind: PiiKind, value: str, normal: str) -> str:
        """Return the kind and letters; letters alone where the value is short."""
        prefixes = (f"{kind.upper()}-", f"{kind[0].upper()}-")
        prefix = next((one for one in prefixes if len(value) - len(one) >= _MIN_LETTERS), "")
        letters = cycle(self._draw_letters(kind, normal))  # there are fewer than a long key has
        return prefix + "".join(islice(letters, len(value) - len(prefix)))

    def _mask_phone(self, value: str) -> str:
        num_digits = sum(map(str.isdecimal, value))
        for region in list_phone_regions(self._language):
            number = _parse_phone(value, region)
            if number is not None:
                national = phonenumbers.national_significant_number(number)
                letters = self._draw_letters("phone", f"{number.country_code} {national}")
                return _spell(value, letters, num_digits - len(national) - len(number.extension or ""))
        digits = "".join(filter(str.isdecimal, value))
        return _spell(value, self._draw_letters("phone", digits), num_kept=0)

    def _draw_letters(self, kind: PiiKind, normal: str) -> str:
        """Return the letters of a value, of which as many are taken as there is room for."""
        message = f"{kind}\x1f{normal}".encode("utf-8", "surrogatepass")
        number = int.from_bytes(hmac.digest(self._key, message, "sha256"))
        letters = []
        while number:
            number, place = divmod(number, len(_LETTERS))
            letters.append(_LETTERS[place])
        return "".join(letters)


def _parse_phone(value: str, region: str) -> phonenumbers.PhoneNumber | None:
    """Return a number as it is read in a region; None where it is not valid there."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _spell(value: str, letters: str, num_kept: int) -> str:
    """Return a number with a letter for each digit but the first `num_kept`."""
    remaining = iter(letters)
    spelt = []
    for char in value:
        if not char.isdecimal():
            spelt.append(char)
        elif num_kept > 0:
            spelt.append(char)
            num_kept -= 1
        else:
            spelt.append(next(remaining))
    return "".join(spelt)
