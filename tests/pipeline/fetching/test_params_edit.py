"""Pins are written into params files of any YAML style; the rest stays byte for byte."""

import json
import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation
from pipeline.core.yaml_reader import parse_yaml
from pipeline.fetching.params_edit import apply_pin

REVISION = "0123456789abcdef0123456789abcdef01234567"
BRANCH, WHOLE = "hf:o/n@main/a.json", f"hf:o/n@{REVISION}/a.json"
HASH, OTHER = "b" * 64, "c" * 64
OLD = FileLocation(locator=BRANCH)
MOVED, PINNED = FileLocation(locator=WHOLE, sha256=HASH), FileLocation(locator=BRANCH, sha256=HASH)

# Texts before and after: B is the old locator, W the new one, H the hash, O another hash.
CASES = {
    "block": ("- locator: B\n", "- locator: W\n  sha256: H\n"),
    "block under a dash": ("-\n    locator: B\n", "-\n    locator: W\n    sha256: H\n"),
    "no line end at the end": ("- locator: B", "- locator: W\n  sha256: H"),
    "quotes": ("- locator: 'B'\n", "- locator: 'W'\n  sha256: H\n"),
    "double quotes": ('- "locator": "B"\n', '- "locator": "W"\n  sha256: H\n'),
    "a comment": ("- locator: B  # ours\n# more\n", "- locator: W  # ours\n  sha256: H\n# more\n"),
    "line ends of Windows": ("- locator: B\r\n- c\r\n", "- locator: W\r\n  sha256: H\r\n- c\r\n"),
    "on the next line": ("- locator:\n    B\n", "- locator:\n    W\n  sha256: H\n"),
    "folded": ("- locator: >-\n    B\n- c\n", '- locator: "W"\n  sha256: H\n- c\n'),
    "flow": ("- {locator: B}\n", "- {locator: W, sha256: H}\n"),
    "flow over lines": ("- {\n    locator: B,\n  }\n", "- {\n    locator: W, sha256: H,\n  }\n"),
    "JSON": ('- {"locator":"B"}\n', '- {"locator":"W", sha256: H}\n'),
    "a pair in a list": ("- [locator: B]\n", "- [{locator: W, sha256: H}]\n"),
    "an explicit key": ("- ? locator\n  : B\n", "- ? locator\n  : W\n  sha256: H\n"),
    "null": ("- locator: B\n  sha256: null\n", "- locator: W\n  sha256: H\n"),
    "tilde": ("- {sha256: ~, locator: B}\n", "- {sha256: H, locator: W}\n"),
    "nothing": ("- locator: B\n  sha256:  # to do\n", "- locator: W\n  sha256: H  # to do\n"),
    "nothing in flow": ("- {sha256, locator: B}\n", "- {sha256: H, locator: W}\n"),
    "null of the other": ("- {git_blob: null, locator: B}\n", "- {git_blob: null, locator: W, sha256: H}\n"),
    "pinned already": (
        "- locator: B\n  sha256: O\n- locator: B\n",
        "- locator: B\n  sha256: O\n- locator: W\n  sha256: H\n",
    ),
    "pinned already, hash first": (
        "- sha256: O\n  locator: B\n- locator: B\n",
        "- sha256: O\n  locator: B\n- locator: W\n  sha256: H\n",
    ),
    "twice": ("- locator: B\n- {locator: B}\n", "- locator: W\n  sha256: H\n- {locator: W, sha256: H}\n"),
    "shared": ("- &a\n  locator: B\n- *a\n", "- &a\n  locator: W\n  sha256: H\n- *a\n"),
    "shared in flow": ("- &a {locator: B}\n- *a\n", "- &a {locator: W, sha256: H}\n- *a\n"),
    "merged": ("- &a {locator: B}\n- {<<: *a}\n", "- &a {locator: W, sha256: H}\n- {<<: *a}\n"),
    "the locator shared": ("- &l B\n- locator: *l\n", '- &l B\n- locator: "W"\n  sha256: H\n'),
    "an anchor and a tag": ("- !!map {locator: &l !!str B}\n", "- !!map {locator: &l !!str W, sha256: H}\n"),
    "another locator that begins so": (
        "- locator: Bx\n- locator: B\n",
        "- locator: Bx\n- locator: W\n  sha256: H\n",
    ),
    "the locator in other text": (
        "- |\n  locator: B\n- '- locator: B'\n- locator: B\n",
        "- |\n  locator: B\n- '- locator: B'\n- locator: W\n  sha256: H\n",
    ),
}
# Texts after, where only the hash changes.
STAYING = {
    "folded": "- locator: >-\n    B\n  sha256: H\n- c\n",
    "the locator shared": "- &l B\n- locator: *l\n  sha256: H\n",
}


def fill_template(template: str, new: FileLocation) -> str:
    # One pass, so that no letter of a locator is replaced.
    spelling = {"B": BRANCH, "W": new.locator, "H": HASH, "O": OTHER}
    return re.sub(r"(?<![A-Za-z])[BWHO](?![a-wyzA-Z])", lambda match: spelling[match[0]], template)


@pytest.mark.parametrize("new", [MOVED, PINNED], ids=["moved", "pinned"])
@pytest.mark.parametrize("case", CASES)
def test_a_pin_is_written_in_the_style_of_the_text(case: str, new: FileLocation) -> None:
    before, after = CASES[case]
    if new is PINNED:
        after = STAYING.get(case, after)
    before, after = (f"# é\nlist:\n{fill_template(part, new)}" for part in (before, after))
    assert apply_pin(before, OLD, new, "params.yaml") == after


@pytest.mark.parametrize("pin", ["1" * 64, "12e" + "3" * 61])
def test_a_hash_that_reads_as_a_number_is_quoted(pin: str) -> None:
    edited = apply_pin(
        "list:\n- locator: file:x\n",
        FileLocation(locator="file:x"),
        FileLocation(locator="file:x", sha256=pin),
        "",
    )
    assert edited == f'list:\n- locator: file:x\n  sha256: "{pin}"\n'


def test_a_changed_hash_replaces_the_old_one() -> None:
    old, new = (FileLocation(locator="file:x", sha256=digest) for digest in (OTHER, HASH))
    text = f"a: &a {{locator: 'file:x', sha256: '{OTHER}'}}  # mine\nb: [*a]\nc: {{locator: file:x}}\n"
    assert apply_pin(text, old, new, "") == text.replace(OTHER, HASH)


@pytest.mark.parametrize(
    "text",
    [
        "list:\n- locator: file:y\n",  # the location is missing
        f"a: &a {{locator: {BRANCH}}}\nb: {{<<: *a, sha256: {OTHER}}}\n",  # merged, with another pin
    ],
)
def test_a_text_that_cannot_be_edited_is_an_error_with_the_values_to_write(text: str) -> None:
    with pytest.raises(MemcurateError) as caught:
        apply_pin(text, OLD, MOVED, "some.yaml")
    message = str(caught.value)
    assert all(part in message for part in ("some.yaml", "nothing was changed", BRANCH, WHOLE, HASH))


@dataclass(frozen=True)
class DrawnLocation:
    """A location as YAML text in some style, and its hash."""

    text: str
    sha256: str | None


LOCATORS = st.sampled_from(
    [
        BRANCH,
        "file:own/it's #1: a.json",
        "https://h/x?a=b&c=d!*.json",
        "pypi:n==1!a/{b},[c]/*",
        "file:é/ü.txt",
    ]
)
QUOTED = st.sampled_from([lambda text: "'" + text.replace("'", "''") + "'", json.dumps])
COMMENT = st.sampled_from(["", "  # é: [locator: x]", " #"])
SPACE = st.sampled_from(["", " ", "   "])


@st.composite
def draw_location(draw: st.DrawFn, locator: str) -> DrawnLocation:
    plain = not re.search(r"[#{},\[\]']| |: ", locator)
    shown = locator if plain and draw(st.booleans()) else draw(QUOTED)(locator)
    sha256 = draw(st.sampled_from([None, None, OTHER]))
    value = sha256 or draw(st.sampled_from([None, "null", "~", ""]))
    fields = [f"locator: {shown}"] + ([f"sha256: {value}"] if value is not None else [])
    fields = draw(st.permutations(fields))
    anchor = draw(st.sampled_from(["", "", "!!map "]))
    if draw(st.booleans()):
        space = draw(SPACE)
        end = draw(st.sampled_from(["", ","]))
        text = f"- {anchor}{{{space}{', '.join(fields)}{space}{end}}}{draw(COMMENT)}"
    else:
        indent = draw(st.sampled_from([" ", "   "])) if not anchor else None
        lines = [field.rstrip() + draw(COMMENT) for field in fields]
        if indent is None:
            text = f"- {anchor}\n    " + "\n    ".join(lines)
        else:
            text = f"-{indent}" + f"\n{' ' * (len(indent) + 1)}".join(lines)
    return DrawnLocation(text, sha256)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), locator=LOCATORS, other=LOCATORS, line_end=st.sampled_from(["\n", "\r\n"]))
def test_pins_are_written_in_any_style(data: st.DataObject, locator: str, other: str, line_end: str) -> None:
    """The result has the old values and the pins, and without the inserted text it is the old text."""
    drawn = [
        data.draw(draw_location(data.draw(st.sampled_from([locator, other]))))
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    indent = data.draw(st.sampled_from(["", "  "]))
    items = "\n".join(location.text for location in drawn)
    text = "# head\nlist:\n" + "\n".join(indent + line for line in items.split("\n"))
    text += data.draw(st.sampled_from(["", "\n", "\n# tail", "\nlast: 1\n"]))
    text = text.replace("\n", line_end)
    values = parse_yaml(text, "")
    old, new = FileLocation(locator=locator), FileLocation(locator=locator, sha256=HASH)
    unpinned = [
        item for item in values["list"] if item == {**item, "locator": locator} and item.get("sha256") is None
    ]
    if not unpinned:
        with pytest.raises(MemcurateError):
            apply_pin(text, old, new, "")
        return
    edited = apply_pin(text, old, new, "")
    for item in unpinned:
        item["sha256"] = HASH
    assert parse_yaml(edited, "") == values
    assert edited.count(HASH) == len(unpinned)
    assert edited.count("\n") == edited.count(line_end)
    hashed = re.compile(rf"(, |\r?\n *)?sha256:?( ({HASH}|null|~))?")
    assert hashed.sub("", edited) == hashed.sub("", text)
