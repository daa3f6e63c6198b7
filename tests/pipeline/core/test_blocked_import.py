"""A blocked import fails inside the block, and works again after it."""

import sys

import pytest

from pipeline.core.blocked_import import block_import
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


def test_keywords_do_not_load_torch() -> None:
    code = "import sys, pipeline.text.keywords; assert 'torch' not in sys.modules; import torch"
    run(ROOT, sys.executable, "-c", code)
