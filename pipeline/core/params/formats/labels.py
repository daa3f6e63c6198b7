"""Formats of labelled examples."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.core.params.formats.general import Column
from pipeline.core.strict_model import StrictModel

Names = Annotated[list[Column], Field(min_length=1)]


class LabelsFormat(StrictModel):
    """Labelled examples: records with a text and a label."""

    name: Literal["labels"]
    text: Column = Field("text", description="column of the text")
    label: Column = Field("label", description="column of the label")


class LabelLinesFormat(StrictModel):
    """Labelled lines: a label and a text in each line of text files."""

    name: Literal["label_lines"]
    separator: Column = Field("\t", description="characters between the label and the text")
    skip: Column | None = Field(None, description="lines that begin with this are left out; null: none")


class LabelFilesFormat(StrictModel):
    """Labelled examples in parallel text files: texts in one, and labels in another, line by line."""

    name: Literal["label_files"]
    texts: Names = Field(description="files of texts, by their paths in the source's raw folder, in order")
    labels: Names = Field(description="the file of labels of each of `texts`")

    @model_validator(mode="after")
    def _validate_pairs(self) -> "LabelFilesFormat":
        _require_same_length(self.texts, self.labels)
        return self


class LabelListsFormat(StrictModel):
    """Labelled examples in parallel lists of a JSON object: of texts, and of labels."""

    name: Literal["label_lists"]
    texts: Names = Field(description="keys of the lists of texts, in order")
    labels: Names = Field(description="the key of the list of labels of each of `texts`")
    label_names: Column | None = Field(
        None, description="key of an object with the name of each label; null: the labels are names"
    )

    @model_validator(mode="after")
    def _validate_pairs(self) -> "LabelListsFormat":
        _require_same_length(self.texts, self.labels)
        return self


class LabelPairsFormat(StrictModel):
    """Labelled examples in lists of a JSON object: each example is a list of its text and its label."""

    name: Literal["label_pairs"]
    parts: Names = Field(description="keys of the lists, in order; examples of other keys are out of scope")
    out_of_scope: Column = Field(
        "its key is not named in parts", description="detail of the rejects of examples that are out of scope"
    )


class TrecFormat(StrictModel):
    """Questions of TREC: a line is `COARSE:fine question`."""

    name: Literal["trec"]
    label: Literal["coarse", "fine"] = Field(
        description="which label is shown; train and test are drawn alike for both"
    )


def _require_same_length(texts: list[str], labels: list[str]) -> None:
    if len(texts) != len(labels):
        raise ValueError(
            f"texts names {len(texts)} and labels {len(labels)}: name as many, each at the same place"
        )
