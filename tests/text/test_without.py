"""Imports without a library that would come along."""

import sys

import pytest

from pipeline.text.without import without
from tests.conftest import ROOT
from tests.graph.project import run


def test_it_is_not_there_in_the_block_and_there_after_it() -> None:
    with without("zipapp"), pytest.raises(ImportError):
        import zipapp
    import zipapp

    assert zipapp


def test_what_was_imported_before_stays() -> None:
    with without("sys"):
        import sys as again
    assert again is sys


def test_keywords_do_not_load_torch() -> None:
    code = "import sys, pipeline.text.keywords; assert 'torch' not in sys.modules; import torch"
    run(ROOT, sys.executable, "-c", code)
