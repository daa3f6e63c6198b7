"""Two small versions compared: what came, went, changed and moved, why, and the texts."""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.comparing.causes import Param
from pipeline.comparing.comparison import SourceDiff, Wanted, compare
from pipeline.comparing.counting import Counts, Moved
from pipeline.comparing.page import page
from pipeline.comparing.sampling import Sample
from pipeline.comparing.told import COLOURED, PLAIN, Marks, told
from pipeline.comparing.words import Part
from pipeline.errors import MemcurateError
from pipeline.schema import SIDES, Instance, Reject
from pipeline.storage import write_rows
from pipeline.text.visible import visible_in_json
from tests.questions.making import make_instance, make_question


@dataclass
class Made:
    """A version of made instances and rejects. Version."""

    folder: Path
    name: str
    instances: Sequence[Instance]
    rejected: Sequence[Reject] = ()
    lock: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def dataset(self) -> list[Path]:
        self.folder.mkdir(exist_ok=True)
        paths = [self.folder / f"{split}.parquet" for split in SIDES]
        for split, path in zip(SIDES, paths, strict=True):
            write_rows(path, Instance, [one for one in self.instances if one.split == split])
        return paths

    def rejects(self) -> list[Path]:
        write_rows(self.folder / "rejects.parquet", Reject, self.rejected)
        return [self.folder / "rejects.parquet"]

    def raw(self, source: str) -> dict[str, str]:
        return self.files


def lock(**params: object) -> dict[str, Any]:
    """Of a source `made`, with params of its chunk stage."""
    deps = [{"path": "pipeline/chunking", "md5": "1"}, {"path": "data/raw/made", "md5": "1"}]
    chunk = {"deps": deps, "params": {"params.yaml": {"sources.made.chunking": params}}}
    fetch = {"outs": [{"path": "data/raw/made", "md5": "1"}]}
    return {"stages": {"fetch@made": fetch, "chunk@made": chunk}}


def instance(number: int, *texts: str) -> Instance:
    """The instance of a number in the document `train`, a chunk for each text, a question for each chunk."""
    name = f"made/i{number}"
    made = make_instance(
        name, *({f"{name}s{place}": text} for place, text in enumerate(texts)), ordinal=number
    )
    for chunk in made.chunks:
        chunk.id = f"made/{chunk.text.split()[1]}"
        made.questions.append(
            make_question(
                f"made/q {chunk.id}", f"What of {chunk.ordinal} in {number}?", [chunk.text.split()[1]]
            )
        )
    return made


BEFORE = [instance(0, "alpha", "beta"), instance(1, "gamma"), instance(2, "delta")]


def after() -> list[Instance]:
    """beta is betta now, and so the first instance another; delta moved to test; gamma went, omega came."""
    first, moved, come = instance(0, "alpha", "betta"), deepcopy(BEFORE[2]), instance(7, "omega")
    first.id = "made/i0 changed"
    moved.split = "test"
    return [first, moved, come]


def diff(
    folder: Path, old: dict[str, Any], new: dict[str, Any], wanted: Wanted | None = None
) -> list[SourceDiff]:
    return compare(
        Made(folder / "a", "old", **old), Made(folder / "b", "new", **new), wanted or Wanted(samples=2)
    )


@pytest.fixture
def found(tmp_path: Path) -> SourceDiff:
    (one,) = diff(
        tmp_path,
        {"instances": BEFORE, "lock": lock(max_tokens=2, budget={"a": 1})},
        {
            "instances": after(),
            "lock": lock(max_tokens=3, budget={"a": 1}),
            "rejected": [
                Reject("made/q made/gamma", "made", "filter", "question", "not English", "found: is"),
                Reject("made/i1", "made", "filter", "instance", "too few questions", "0"),
            ],
        },
    )
    return one


def test_counts(found: SourceDiff) -> None:
    assert found.rows == {
        "instances": Counts(3, 3, added=1, removed=1, changed=1, moved=1),
        "chunks": Counts(4, 4, added=1, removed=1, changed=1, moved=1),
        "questions": Counts(4, 4, added=1, removed=1, changed=1, moved=1),
        "rejects": Counts(0, 2, added=2, removed=0, changed=0, moved=0),
    }


def test_causes(found: SourceDiff) -> None:
    assert found.causes.params == [Param("sources.made.chunking.max_tokens", 2, 3)]
    assert found.causes.code == found.causes.raw == [] and found.causes.use is None
    assert found.causes.rejected == {"filter: not English": 1, "filter: too few questions": 1}
    assert found.causes.admitted == {}


def test_figures(found: SourceDiff) -> None:
    assert Moved("test", "instances", None, 1) in found.figures
    assert Moved("train", "carried questions", 4, 3) in found.figures
    assert all(figure.name != "tokens per chunk" or figure.split == "test" for figure in found.figures)


def test_samples(found: SourceDiff) -> None:
    of = {(one.kind, one.what): one for one in found.samples}
    changed = of["chunks", "changed"]
    assert (changed.old_id, changed.new_id) == ("made/beta", "made/betta")
    assert [(part.mark, part.text) for part in changed.parts if part.mark != "same"] == [
        ("old", "beta"),
        ("new", "betta"),
    ]
    assert [part.text for part in of["questions", "removed"].parts] == ["What of 0 in 1? → gamma"]
    assert of["questions", "removed"].new_id is None
    rejects = {part.text for one in found.samples if one.kind == "rejects" for part in one.parts}
    assert rejects == {"filter: not English: found: is", "filter: too few questions: 0"}


def test_in_words(found: SourceDiff) -> None:
    lines = told("v1", "v2", [found], PLAIN).splitlines()
    assert lines[:2] == ["v1 → v2", ""]
    assert "  chunks     4 → 4: 1 added, 1 removed, 1 changed, 1 moved" in lines
    assert "  because    sources.made.chunking.max_tokens: 2 → 3" in lines
    assert "    | [-beta-]{+betta+}" in lines
    assert told("v1", "v2", [], PLAIN) == "v1 → v2\nno row differs"
    assert json.loads(json.dumps(asdict(found)))["rows"]["chunks"]["changed"] == 1


def test_long_texts_are_cut_in_words_and_whole_on_the_page(found: SourceDiff) -> None:
    assert "--html" not in told("v1", "v2", [found], PLAIN)
    words = [f"word{number}" for number in range(5_000)]
    parts = [Part("old", " ".join(words)), Part("new", " ".join(words[::-1]))]
    parts += [Part(mark, f"{mark}{number}") for number in range(2_000) for mark in ("same", "new")]
    long = replace(found, samples=[Sample("chunks", "changed", "a", "b", parts)])
    lines = told("v1", "v2", [long], PLAIN).splitlines()
    (text,) = (line for line in lines if line.startswith("    | "))
    assert len(text) < 2_000 and text.startswith("    | [-word0 ") and "word4999-]{+word4999 " in text
    assert lines[-1] == "Long texts are cut here (…): --html FILE has all that differs."
    assert all(part.text in page("v1", "v2", [long]) for part in parts)


@pytest.mark.parametrize("marks", [PLAIN, COLOURED])
def test_hidden_characters_are_visible_in_words(found: SourceDiff, marks: Marks) -> None:
    hidden = "\x1b[2J\x9b1m\u202e\r"
    shown = "[U+001B][2J[U+009B]1m[U+202E][U+000D]"
    hostile = replace(
        found,
        source=hidden,
        samples=[Sample("chunks", "changed", hidden, "b", [Part("old", hidden), Part("new", "x")])],
        causes=replace(found.causes, raw=[hidden]),
    )
    text = told("v1", "v2", [hostile], marks)
    before, after = marks["old"]
    assert f"    | {before}{shown}{after}{marks['new'][0]}x" in text and f"because    {shown} changed" in text
    assert text.count(hidden[1:]) == 0 and text.count(shown) == 4
    made = json.dumps(asdict(hostile), ensure_ascii=False)
    assert json.loads(visible_in_json(made)) == json.loads(made) and "\u202e" not in visible_in_json(made)


def test_the_page_escapes_texts(tmp_path: Path) -> None:
    script = "<script>alert(1)</script>"
    found = diff(tmp_path, {"instances": [instance(0, "a")]}, {"instances": [instance(0, f"b{script}")]})
    made = page("v1", script, found)
    assert script not in made and "<ins>" in made and "&lt;script&gt;" in made


def test_the_same_does_not_differ(tmp_path: Path) -> None:
    assert diff(tmp_path, {"instances": BEFORE}, {"instances": BEFORE, "lock": lock(max_tokens=9)}) == []


@pytest.mark.parametrize(
    ("wanted", "kinds", "differ"),
    [
        (Wanted(kind="chunks"), {"chunks"}, True),
        (Wanted(source="other"), set(), False),
        (Wanted(split="test", kind="instances"), {"instances"}, True),
    ],
)
def test_only_what_is_wanted(tmp_path: Path, wanted: Wanted, kinds: set[str], differ: bool) -> None:
    found = diff(tmp_path, {"instances": BEFORE}, {"instances": after()}, wanted)
    assert bool(found) == differ and {kind for one in found for kind in one.rows} == kinds
    if wanted.split:
        assert found[0].rows["instances"] == Counts(1, 1, 0, 0, 0, moved=1)


def test_equal_texts_in_one_document_are_paired_one_by_one(tmp_path: Path) -> None:
    """Three questions of one text became two others: two changed, one went."""
    old, new = instance(0, "alpha"), instance(0, "alpha")
    old.questions = [make_question(f"made/o{number}", "Which?", ["a"]) for number in range(3)]
    new.questions = [make_question(f"made/n{number}", "Which?", ["b"]) for number in range(2)]
    (found,) = diff(tmp_path, {"instances": [old]}, {"instances": [new]})
    assert found.rows["questions"] == Counts(3, 2, added=0, removed=1, changed=2, moved=0)


def test_raw_files_and_a_source_of_one_version(tmp_path: Path) -> None:
    raw = lock()
    raw["stages"]["fetch@made"]["outs"][0]["md5"] = "2"
    old = {"instances": BEFORE, "lock": lock(), "files": {"a.txt": "1", "b.txt": "1"}}
    new = {"instances": after(), "lock": raw, "files": {"a.txt": "1", "b.txt": "2"}}
    (found,) = diff(tmp_path, old, new)
    assert found.causes.raw == ["data/raw/made/b.txt"]
    (found,) = diff(tmp_path, old, {**new, "files": {}})
    assert found.causes.raw == ["data/raw/made"]
    (found,) = diff(tmp_path, {**old, "instances": [], "lock": {"stages": {}}}, new)
    assert found.causes.use == "new in `use`"


def test_an_older_schema_is_told_with_its_version(tmp_path: Path) -> None:
    class Older(Made):
        def dataset(self) -> list[Path]:
            paths = super().dataset()
            table = pq.read_table(paths[0])
            pq.write_table(table.replace_schema_metadata({"memcurate.schema": "1"}), paths[0])
            return paths

    with pytest.raises(MemcurateError, match=r"version v0: .*schema version 1.*Rebuild"):
        compare(Older(tmp_path / "a", "v0", BEFORE), Made(tmp_path / "b", "new", BEFORE), Wanted())
