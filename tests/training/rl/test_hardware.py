"""Profiles that this machine cannot run are errors that name the missing part."""

import pytest
import torch

from pipeline.core.errors import MemcurateError
from pipeline.core.params import AgentParams
from training.rl.hardware import check_hardware, uses_bf16


def test_too_few_gpus_are_an_error(agent: AgentParams) -> None:
    num_needed = torch.cuda.device_count() + 1
    profile = agent.training.active_profile.model_copy(update={"gpus": num_needed})
    with pytest.raises(
        MemcurateError, match=f"profile big needs {num_needed} GPUs, and this machine has {num_needed - 1}"
    ):
        check_hardware("big", profile)


def test_missing_vllm_is_an_error(agent: AgentParams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.rl.hardware.find_spec", lambda name: None)
    with pytest.raises(
        MemcurateError, match=r"profiles.quick.generation_backend is vllm, which is not installed"
    ):
        check_hardware(
            "quick", agent.training.active_profile.model_copy(update={"generation_backend": "vllm"})
        )


def test_the_default_profile_runs_on_any_machine(agent: AgentParams) -> None:
    assert agent.training.profile == "cpu"
    check_hardware("cpu", agent.training.active_profile)


def test_bfloat16_is_used_where_the_processor_has_instructions_for_it(
    agent: AgentParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    profile = agent.training.active_profile.model_copy(update={"bf16": True})
    for has_it in (True, False):
        found = {"avx2": True, "avx512_bf16": has_it}
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: found)
        assert uses_bf16(profile) == has_it
        assert not uses_bf16(profile.model_copy(update={"bf16": False}))
