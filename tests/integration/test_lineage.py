"""Every question of the starter dataset: the lineage that `memcurate show` prints equals the raw files."""

import re
from textwrap import indent

import pytest

from pipeline.core.params import Params
from pipeline.core.printable import escape_hidden
from pipeline.core.schema import DRAWN_SPLITS, Instance, Span
from pipeline.core.storage import read_rows
from pipeline.lineage.locations import parse_location
from pipeline.lineage.lookup import LookupResult
from pipeline.lineage.render import TerminalRenderer
from pipeline.sources import make_reader
from stages.cli.show import make_span_reader
from tests.integration.conftest import Build
from tests.integration.project import run
from tests.integration.test_real_corpora import RawText

pytestmark = pytest.mark.slow

_ORIGINAL = re.compile(r"^(?:read|raw) +(?P<span>\S.*)\n(?P<text>(?:  \| .*\n?|  \|\n?)+)", re.MULTILINE)


def originals(shown: str) -> list[tuple[Span, str]]:
    """(span, text) of every raw text that was shown."""
    found = []
    for match in _ORIGINAL.finditer(shown + "\n"):
        where = parse_location(match["span"])
        text = "\n".join(line[4:] for line in match["text"].removesuffix("\n").split("\n"))
        found.append((Span(where.file, where.record, where.start, where.end or 0), text))
    return found


def test_every_question_leads_back_to_its_characters(builds: list[Build], params: Params) -> None:
    project = builds[0].project
    raw = {source: RawText(project / "data" / "raw" / source) for source in params.enabled_sources}
    showings = {
        source: TerminalRenderer(
            make_span_reader(make_reader(source, params.sources[source]), project / "data" / "raw" / source),
            params.sources[source].checks,
            ("", ""),
        )
        for source in params.enabled_sources
    }
    questions = evidence = 0
    for split in DRAWN_SPLITS:
        for instance in read_rows(project / "data" / "dataset" / f"{split}.parquet", Instance):
            texts = {
                segment.id: chunk.text[segment.start : segment.end]
                for chunk in instance.chunks
                for segment in chunk.segments
            }
            for question in instance.questions:
                shown = showings[instance.source].render_entity(
                    LookupResult("question", instance, []), question.id
                )
                found = originals(shown)
                assert all(text == escape_hidden(raw[instance.source].at(span)) for span, text in found), (
                    shown
                )
                standing = [escape_hidden(texts[identity]) for identity in question.evidence]
                assert sorted(text for _, text in found[-len(standing) :] if standing) == sorted(standing), (
                    shown
                )
                questions += 1
                evidence += len(standing)
    print(f"{questions} questions, {evidence} segments of evidence")
    assert questions > 5_000 and evidence > questions


def test_the_command(builds: list[Build]) -> None:
    project = builds[0].project
    instance = next(read_rows(project / "data" / "dataset" / "test.parquet", Instance))
    shown = run(project, "memcurate", "show", instance.questions[0].id)
    assert indent(instance.questions[0].text, "  ") in shown and f"in instance {instance.id}" in shown
    file = instance.chunks[0].segments[0].source_span.file
    traced = run(project, "memcurate", "trace", "--limit", "0", instance.source, file)
    assert f"chunk {instance.chunks[0].id}" in traced
