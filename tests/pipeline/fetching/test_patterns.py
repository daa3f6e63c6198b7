"""Globs: which member paths match, and the names that members keep."""

import pytest

from pipeline.fetching.patterns import compile_glob


@pytest.mark.parametrize(
    ("glob", "path", "kept"),
    [
        ("a/b.txt", "a/b.txt", "b.txt"),
        ("a/*.txt", "a/b.txt", "b.txt"),
        ("*/b.txt", "name-1.0/b.txt", "b.txt"),
        ("a/?.txt", "a/b.txt", "b.txt"),
        ("a/**", "a/b.txt", "b.txt"),
        ("a/**", "a/b/c/d.txt", "b/c/d.txt"),
        ("**", "a/b.txt", "a/b.txt"),
        ("*/a/**/*.txt", "top/a/b/c.txt", "b/c.txt"),
        ("*/a/**/*.txt", "top/a/c.txt", "c.txt"),
        ("a.[x]", "a.[x]", "a.[x]"),
    ],
)
def test_a_matching_path_keeps_its_final_name(glob: str, path: str, kept: str) -> None:
    match = compile_glob(glob).fullmatch(path)
    assert match is not None
    assert match["kept"] == kept


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("a/*.txt", "a/b/c.txt"),
        ("*/b.txt", "x/y/b.txt"),
        ("a/*.txt", "a/bxtxt"),
        ("a/?", "a/"),
        ("a/**", "b/c"),
        ("a/**", "a"),
        ("a/**/*.txt", "a/b/c.json"),
        ("b.txt", "a/b.txt"),
        ("a/b", "a/b/c"),
        ("A", "a"),
    ],
)
def test_other_paths_do_not_match(glob: str, path: str) -> None:
    assert compile_glob(glob).fullmatch(path) is None
