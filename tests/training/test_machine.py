"""A profile that the machine cannot run is told at once, with what is missing."""

import pytest
import torch

from pipeline.errors import MemcurateError
from training.machine import check_machine
from training.params import AgentParams


def test_too_few_gpus(agent: AgentParams) -> None:
    more = torch.cuda.device_count() + 1
    profile = agent.training.chosen.model_copy(update={"gpus": more})
    with pytest.raises(
        MemcurateError, match=f"profile big needs {more} GPUs, and this machine has {more - 1}"
    ):
        check_machine("big", profile)


def test_no_vllm(agent: AgentParams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.machine.find_spec", lambda name: None)
    with pytest.raises(MemcurateError, match="vllm, which is not installed"):
        check_machine("quick", agent.training.chosen.model_copy(update={"generate": "vllm"}))


def test_the_default_runs_anywhere(agent: AgentParams) -> None:
    assert agent.training.profile == "cpu"
    check_machine("cpu", agent.training.chosen)
