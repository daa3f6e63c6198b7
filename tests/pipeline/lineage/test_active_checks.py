"""The checks that a source's questions passed."""

from pipeline.checks import CHECKS
from pipeline.core.params import Params
from pipeline.lineage.active_checks import iter_active_checks


def test_a_check_that_params_switch_off_is_not_listed(params: Params) -> None:
    checks = params.sources["squad_dev"].checks
    names = list(iter_active_checks(checks))
    assert "language (language en)" in names and "unanswerable" in names
    off = checks.model_copy(update={"language": None, "drop_yes_no": True})
    assert not [name for name in iter_active_checks(off) if name.startswith("language")]
    assert "yes no" in list(iter_active_checks(off))


def test_every_check_is_listed_when_all_are_on(params: Params) -> None:
    on = params.sources["squad_dev"].checks.model_copy(
        update={
            "max_answer_tokens": 9,
            "drop_yes_no": True,
            "drop_answer_in_question": True,
            "language": "en",
        }
    )
    assert len(list(iter_active_checks(on))) == len(CHECKS) + 1
