"""Keys of `sources.NAME` that say how its raw files are read: `format`, and the columns of that format."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from pipeline.core.params.formats.corpora import (
    BeamFormat,
    ChaptersFormat,
    ChitchatFormat,
    CorrectedSquadFormat,
    HaluMemFormat,
    HotpotQaFormat,
    LocomoFormat,
    LongMemEvalFormat,
    MemoryAgentBenchFormat,
    PerLtqaFormat,
    SimulatedWorldFormat,
)
from pipeline.core.params.formats.defaults import DEFAULT_BLOCKS, OWN_FORMAT_BLOCKS
from pipeline.core.params.formats.general import (
    MessagesFormat,
    MessengerFormat,
    OwnFormat,
    QaFormat,
    SquadFormat,
    TextFormat,
    TimelineFormat,
)
from pipeline.core.params.formats.labels import (
    LabelFilesFormat,
    LabelLinesFormat,
    LabelListsFormat,
    LabelPairsFormat,
    LabelsFormat,
    TrecFormat,
)

FORMAT_NAMES = (
    "messages",
    "text",
    "labels",
    "qa",
    "timeline",
    "messenger",
    "squad",
    "label_lines",
    "label_files",
    "label_lists",
    "label_pairs",
    "trec",
    "chapters",
    "chitchat",
    "perltqa",
    "hotpotqa",
    "locomo",
    "longmemeval",
    "memory_agent_bench",
    "beam",
    "halumem",
    "simulated_world",
    "corrected_squad",
)


def get_default_blocks(name: str) -> dict[str, Any]:
    """Return the blocks of a source that suit a format, with the keys that differ by format; maybe none."""
    return DEFAULT_BLOCKS.get(name, {} if name in FORMAT_NAMES else OWN_FORMAT_BLOCKS)


def fill_in_blocks(name: str, blocks: dict[str, Any]) -> dict[str, Any]:
    """Return the blocks of a source, with the format's default for each block and each key left out.

    A block `chunking` of another strategy than the format's keeps its own keys alone, for the keys of one
    strategy mean nothing in another. A value that is not a block stays, and is refused by the models.
    """
    defaults = get_default_blocks(name)
    filled: dict[str, Any] = {"card": {"license": "not-stated"}, **defaults, **blocks}
    for key, default in defaults.items():
        block, strategy = filled[key], default.get("strategy")
        if isinstance(block, dict) and block.get("strategy", strategy) == strategy:
            filled[key] = {**default, **block}
    return filled


def get_named_columns(columns: "FormatParams") -> dict[str, str]:
    """Return the columns that a source names, by their keys; not those with the usual names."""
    return {
        key: value
        for key in columns.model_fields_set & type(columns).model_fields.keys()
        # The descriptions of other keys, such as those that name files, begin otherwise.
        if (type(columns).model_fields[key].description or "").startswith("column ")
        and isinstance(value := getattr(columns, key), str)
    }


def _get_tag(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
    return name if name in FORMAT_NAMES else "own"


FormatParams = Annotated[
    Annotated[MessagesFormat, Tag("messages")]
    | Annotated[TextFormat, Tag("text")]
    | Annotated[LabelsFormat, Tag("labels")]
    | Annotated[QaFormat, Tag("qa")]
    | Annotated[TimelineFormat, Tag("timeline")]
    | Annotated[MessengerFormat, Tag("messenger")]
    | Annotated[SquadFormat, Tag("squad")]
    | Annotated[LabelLinesFormat, Tag("label_lines")]
    | Annotated[LabelFilesFormat, Tag("label_files")]
    | Annotated[LabelListsFormat, Tag("label_lists")]
    | Annotated[LabelPairsFormat, Tag("label_pairs")]
    | Annotated[TrecFormat, Tag("trec")]
    | Annotated[ChaptersFormat, Tag("chapters")]
    | Annotated[ChitchatFormat, Tag("chitchat")]
    | Annotated[PerLtqaFormat, Tag("perltqa")]
    | Annotated[HotpotQaFormat, Tag("hotpotqa")]
    | Annotated[LocomoFormat, Tag("locomo")]
    | Annotated[LongMemEvalFormat, Tag("longmemeval")]
    | Annotated[MemoryAgentBenchFormat, Tag("memory_agent_bench")]
    | Annotated[BeamFormat, Tag("beam")]
    | Annotated[HaluMemFormat, Tag("halumem")]
    | Annotated[SimulatedWorldFormat, Tag("simulated_world")]
    | Annotated[CorrectedSquadFormat, Tag("corrected_squad")]
    | Annotated[OwnFormat, Tag("own")],
    Discriminator(_get_tag),
]

__all__ = [
    "FORMAT_NAMES",
    "BeamFormat",
    "ChaptersFormat",
    "ChitchatFormat",
    "CorrectedSquadFormat",
    "FormatParams",
    "HaluMemFormat",
    "HotpotQaFormat",
    "LabelFilesFormat",
    "LabelLinesFormat",
    "LabelListsFormat",
    "LabelPairsFormat",
    "LabelsFormat",
    "LocomoFormat",
    "LongMemEvalFormat",
    "MemoryAgentBenchFormat",
    "MessagesFormat",
    "MessengerFormat",
    "OwnFormat",
    "PerLtqaFormat",
    "QaFormat",
    "SimulatedWorldFormat",
    "SquadFormat",
    "TextFormat",
    "TimelineFormat",
    "TrecFormat",
    "fill_in_blocks",
    "get_default_blocks",
    "get_named_columns",
]
