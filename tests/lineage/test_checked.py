"""The checks that were in force."""

from pipeline.checks import CHECKS
from pipeline.lineage.checked import in_force
from pipeline.params import Params


def test_what_params_switch_off_was_not_passed(params: Params) -> None:
    checks = params.sources["squad_dev"].checks
    names = list(in_force(checks))
    assert "language (language en)" in names and "unanswerable" in names
    off = checks.model_copy(update={"language": None, "drop_yes_no": True})
    assert not [name for name in in_force(off) if name.startswith("language")]
    assert "yes no" in list(in_force(off))


def test_every_check_is_known_by_its_params(params: Params) -> None:
    """With everything on, all are named."""
    on = params.sources["squad_dev"].checks.model_copy(
        update={
            "max_answer_tokens": 9,
            "drop_yes_no": True,
            "drop_answer_in_question": True,
            "language": "en",
        }
    )
    assert len(list(in_force(on))) == len(CHECKS) + 1
