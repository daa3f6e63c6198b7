"""Parsing of locators of each kind, and errors of malformed ones."""

from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.fetching.locators import (
    AddressLocator,
    HttpsLocator,
    HubLocator,
    LocalLocator,
    PypiLocator,
    parse_locator,
)

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "project", "version", "glob"),
    [
        ("pypi:graphiti-core==0.31.2!*/tests/x.json", "graphiti-core", "0.31.2", "*/tests/x.json"),
        ("pypi:jeffy-classify==0.1.0a21!a/**", "jeffy-classify", "0.1.0a21", "a/**"),
        ("pypi:with-epoch==1!2.0!a/b", "with-epoch", "1!2.0", "a/b"),
        ("pypi:no-epoch==2!1/b", "no-epoch", "2", "1/b"),
    ],
)
def test_a_pypi_locator_has_project_version_and_glob(
    text: str, project: str, version: str, glob: str
) -> None:
    locator = parse_locator(text)
    assert locator == PypiLocator(text, project, version, glob)
    assert locator.name == f"{project}=={version}"


def test_a_hub_locator_has_repository_revision_and_path() -> None:
    text = f"hf:owner/na.me@{REVISION}/data/train.json"
    locator = parse_locator(text)
    assert locator == HubLocator(text, "owner/na.me", REVISION, "data/train.json", None)
    assert locator.name == "train.json"


def test_an_https_locator_is_named_by_the_base_name_of_its_path() -> None:
    locator = parse_locator("https://host/a/b%20c.zip?x=1!*.json")
    assert locator == HttpsLocator(
        "https://host/a/b%20c.zip?x=1!*.json", "https://host/a/b%20c.zip?x=1", "*.json"
    )
    assert locator.name == "b c.zip"


def test_a_file_locator_has_a_path() -> None:
    assert parse_locator("file:data/mine/x.txt") == LocalLocator(
        "file:data/mine/x.txt", Path("data/mine/x.txt"), None
    )


def test_an_address_of_fsspec_is_a_locator() -> None:
    text = "s3://bucket/a b/books.zip!*.txt"
    locator = parse_locator(text)
    assert locator == AddressLocator(text, "s3://bucket/a b/books.zip", "*.txt")
    assert locator.name == "books.zip"


@pytest.mark.parametrize("revision", ["main", "v1.0", REVISION[:7], REVISION.upper(), f"{REVISION}0"])
def test_a_branch_tag_or_short_revision_is_mutable(revision: str) -> None:
    locator = parse_locator(f"hf:owner/name@{revision}/train.json")
    assert isinstance(locator, HubLocator) and locator.is_mutable


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http://host/x", "unknown kind 'http'"),
        ("nonsense", "unknown kind 'nonsense'"),
        ("address:x", "unknown kind 'address'"),
        ("s3:bucket/x", "unknown kind 's3'"),
        ("s3://bucket/..", "refused"),
        ("s3://bucket/x.zip!", "nothing follows"),
        ("pypi:name!x", "exact version"),
        ("pypi:name>=1!x", "exact version"),
        ("pypi:name==1", "exact version"),
        ("hf:owner/name/train.json", "a revision"),
        (f"hf:name@{REVISION}/train.json", "an owner"),
        (f"hf:owner/name@{REVISION}/../train.json", "refused"),
        ("https:///x", "no host"),
        ("https://[broken/x", "Invalid IPv6"),
        ("https://host/", "names no file"),
        ("https://host/..", "refused"),
        ("https://host/x.zip!", "nothing follows"),
        ("https://host/x.zip!a**/b", "stand once"),
        ("https://host/x.zip!a/**/b/**", "stand once"),
        ("https://host/x.zip!/a", "empty part"),
        ("https://host/x.zip!../a", "empty part"),
        ("file:", "names no file"),
    ],
)
def test_a_malformed_locator_is_named_with_its_problem(text: str, problem: str) -> None:
    with pytest.raises(MemcurateError, match=problem) as caught:
        parse_locator(text)
    assert text in str(caught.value) or "glob" in str(caught.value)
