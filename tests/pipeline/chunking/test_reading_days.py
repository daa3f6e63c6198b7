"""Texts are read after all that they tell, as far as it is plausible."""

from datetime import datetime

import pytest

from pipeline.chunking.reading_days import find_first_reading_day
from pipeline.core.dates import FIRST_DAY


@pytest.mark.parametrize(
    ("names", "titles", "texts", "day"),
    [
        (["a.md"], ["Trip"], ["In 1961."], FIRST_DAY),
        (["2025-04-19-easter.md"], ["Easter"], [""], datetime(2025, 4, 20)),
        (["2025-04-sleep.md"], [""], [""], datetime(2025, 5, 1)),
        (["2024-02-08 to 2024-02-10.md"], [], [], datetime(2024, 2, 11)),
        (["a.md"], ["Trip (2025-04-19)"], [""], datetime(2025, 4, 20)),
        (["a.md"], [""], ["Bought 3 May 1961, sold on 9 June 2025."], datetime(2025, 6, 10)),
        (["a.md"], [""], ["Done on 9 June 2025; next on 1 May 2031."], datetime(2025, 6, 10)),
        (["a.md"], ["Trip (2024-04-19)"], ["Next on 1 May 2031."], datetime(2024, 4, 20)),
        (["a.md"], [""], ["Since 1 May 2031."], datetime(2031, 5, 2)),
        (["2031-05-01.md"], [""], ["On 9 June 2025."], datetime(2031, 5, 2)),
        (["a.md", "1999-01-01.md"], [], ["On 2 February 2024.", "On 2 January 2025."], datetime(2025, 1, 3)),
    ],
)
def test_the_first_reading_day(names: list[str], titles: list[str], texts: list[str], day: datetime) -> None:
    assert find_first_reading_day(names, titles, texts) == day
