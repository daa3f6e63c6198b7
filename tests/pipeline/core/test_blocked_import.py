"""A blocked import fails inside the block, and works again after it."""

import sys

import pytest

from pipeline.core.blocked_import import block_import, replace_import
from tests.conftest import ROOT
from tests.integration.project import run


def test_an_import_fails_in_the_block_and_works_after_it() -> None:
    with block_import("zipapp"), pytest.raises(ImportError):
        import zipapp
    import zipapp

    assert zipapp


def test_a_module_that_was_imported_before_stays() -> None:
    with block_import("sys"):
        import sys as again
    assert again is sys


def test_a_replaced_import_is_empty_in_the_block_and_works_after_it() -> None:
    with replace_import("tabnanny", "check"):
        from tabnanny import check as nothing
    from tabnanny import check

    assert nothing is None
    assert check


def test_a_module_that_was_imported_before_is_not_replaced() -> None:
    with replace_import("sys", "path"):
        import sys as again
    assert again is sys
    assert sys.modules["sys"] is sys


def test_keywords_load_neither_torch_nor_the_command_line_of_spacy() -> None:
    code = (
        "import sys, pipeline.text.keywords; assert not {'torch', 'spacy.cli'} & set(sys.modules);"
        "import torch; from spacy.cli.info import info; assert info"
    )
    run(ROOT, sys.executable, "-c", code)
