"""Blocks `sources.NAME.files` and `assets`: locations of files, and the hashes that files must have."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from pipeline.core.remote import is_address
from pipeline.core.strict_model import Sha256, StrictModel, hex_validator


def _validate_locator(text: str) -> str:
    if not (text.startswith(("pypi:", "hf:", "https:", "file:")) or is_address(text)):
        raise ValueError(f"a locator begins with pypi:, hf:, https:, file: or s3://; got {text!r}")
    return text


class FileLocation(StrictModel):
    """A location of a file, and the hash that pins the file's content.

    A location without a hash is not pinned yet: fetch refuses it, and `memcurate pin` looks the hash up. A
    `file:` locator of a source needs no hash: the file is then read as it is at each build.
    """

    locator: Annotated[str, AfterValidator(_validate_locator)] = Field(
        description="pypi:, hf:, https:, file: or s3:// address of the file"
    )
    sha256: Sha256 | None = Field(default=None, description="hash of the file or archive")
    git_blob: Annotated[str, AfterValidator(hex_validator(40))] | None = Field(
        default=None, description="git's hash of the file: sha1 of `blob {size}\\0{bytes}`"
    )

    @model_validator(mode="after")
    def _validate_single_hash(self) -> "FileLocation":
        if self.sha256 is not None and self.git_blob is not None:
            raise ValueError("a locator is pinned by one of sha256 and git_blob, not by both")
        return self


class FileSpec(StrictModel):
    """A file, or the files of one archive, with the same content at every location."""

    locations: list[FileLocation] = Field(min_length=1, description="tried in this order")
    subdir: str = Field("", description="folder below data/raw/<source> or data/assets")


def _require_local_hashes(files: list[FileSpec]) -> list[FileSpec]:
    for location in (location for file in files for location in file.locations):
        if location.locator.startswith("file:") and not (location.sha256 or location.git_blob):
            raise ValueError(f"{location.locator} needs its sha256 here: nothing checks whether it changed")
    return files


PinnedFiles = Annotated[list[FileSpec], AfterValidator(_require_local_hashes)]


class Assets(StrictModel):
    """Files that all sources need: tokenizers, and data of the sentence splitter."""

    files: PinnedFiles = Field(min_length=1)
