"""Funnels: levels that add up with their drops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.report.funnel import build_funnel


@given(st.integers(1, 50), st.integers(0, 2), st.integers(-50, 50).filter(bool))
def test_a_funnel_that_does_not_add_up_is_an_error(final: int, level: int, off: int) -> None:
    counts = [final + 100] * 4
    counts[level] += off
    with pytest.raises(MemcurateError, match="different builds"):
        build_funnel("made", "questions", counts, [{}, {}, {}])
