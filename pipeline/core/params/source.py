"""Block `sources.NAME`: a corpus, and how its rows are built."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipeline.core.params.checks import CheckParams
from pipeline.core.params.chunking import Chunking
from pipeline.core.params.corrections import Corrections
from pipeline.core.params.files import FileSpec
from pipeline.core.params.formats import (
    CorrectedSquadFormat,
    FormatParams,
    SimulatedWorldFormat,
    fill_in_blocks,
)
from pipeline.core.params.questions import QuestionParams
from pipeline.core.params.world import Simulation
from pipeline.core.strict_model import StrictModel

PiiMode = Literal["report", "mask", "reject"]


class SourceCard(StrictModel):
    """A source's entry in the dataset card."""

    title: str | None = Field(None, description="name of the corpus; null: the source's name")
    license: str = Field(description="SPDX name where there is one")
    note: str | None = Field(None, description="a warning to users, e.g. that it is an evaluation split")


class PaperComparison(StrictModel):
    """The row of the paper's tables that a source is compared with."""

    row: str = Field(description="name of the row in pipeline/parity/paper_tables.py")
    ablations: dict[str, dict[str, object]] = Field(
        default_factory=dict,
        description="by the cause that each removes: other values of source keys, seed or tokenizer",
    )


class Source(StrictModel):
    """One source, by its name.

    A source may leave out blocks, and keys of blocks, that have defaults which suit its format. A file may be
    written as its locator alone.
    """

    format: FormatParams = Field(description="format of the files, with its columns as keys beside it")
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = Field(
        "en",
        description="language of its texts, by ISO 639; questions that rules cannot make in it are left out",
    )
    pii: PiiMode = Field(
        "report",
        description="e-mail addresses, phone and card numbers and keys in its texts: report and "
        "leave them; mask them by pseudonyms, which MEMCURATE_PII_SECRET makes; or reject what holds them",
    )
    card: SourceCard
    files: list[FileSpec] = Field(default_factory=list)
    simulate: Simulation | None = Field(
        None, description="worlds that are drawn for the format simulated_world; null: none"
    )
    corrections: Corrections | None = Field(
        None, description="corrections that are drawn for the format corrected_squad; null: none"
    )
    chunking: Chunking = Field(description="strategy that makes chunks and instances, with its settings")
    questions: QuestionParams
    checks: CheckParams
    parity: PaperComparison | None = Field(
        None, description="the paper's row that `memcurate parity` compares it with; null: none"
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        values = dict(values)
        if "dataset" in values and "files" not in values:
            names = [values.pop(key, None) for key in ("dataset", "revision", "split")]
            if not all(isinstance(name, str) for name in names):
                raise ValueError("a dataset of the hub: dataset: OWNER/NAME, revision: COMMIT, split: NAME")
            values["files"] = ["hf:{}@{}#{}".format(*names)]
        files = values.get("files")
        if isinstance(files, list):
            values["files"] = [_to_file_spec(file) for file in files]
        name = values.get("format")
        if not isinstance(name, str):
            return values
        columns = {key: values.pop(key) for key in list(values) if key not in cls.model_fields}
        return {**fill_in_blocks(name, values), "format": {"name": name, **columns}}

    @model_validator(mode="after")
    def _validate_simulation(self) -> "Source":
        is_simulated = isinstance(self.format, SimulatedWorldFormat)
        if is_simulated != (self.simulate is not None):
            raise ValueError("the format simulated_world and the block `simulate` go together: write both")
        needs_files = not isinstance(self.format, SimulatedWorldFormat) or self.format.filler is not None
        if needs_files and not self.files:
            raise ValueError("files: a source needs one at least")
        if self.files and not needs_files:
            raise ValueError("files: those of simulated worlds are filler; `filler` says how they are read")
        if is_simulated and getattr(self.chunking, "join_documents", False):
            raise ValueError("chunking.join_documents: worlds have a split of their own, and are not joined")
        return self

    @model_validator(mode="after")
    def _validate_corrections(self) -> "Source":
        is_corrected = isinstance(self.format, CorrectedSquadFormat)
        if is_corrected != (self.corrections is not None):
            raise ValueError("the format corrected_squad and the block `corrections` go together: write both")
        if is_corrected and self.chunking.strategy != "whole_documents":
            raise ValueError(
                "chunking.strategy: an article with its corrections is one instance, which whole_documents "
                f"makes; got {self.chunking.strategy}"
            )
        return self

    @model_validator(mode="after")
    def _validate_label_questions(self) -> "Source":
        if self.questions.label and self.chunking.strategy != "examples":
            raise ValueError(
                "questions.label asks for labels, which only the strategy `examples` has: set it to 0"
            )
        return self


def _to_file_spec(file: Any) -> Any:
    """Return the block of a file that is written as its locator alone."""
    return {"locations": [{"locator": file}]} if isinstance(file, str) else file
