"""Jobs that a fault server can answer; run as a script, it runs N jobs and writes their results into FILE."""

import json
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pipeline.core.params import ModelSettings
from pipeline.llm.client import Job, JobResult, LLMClient

MODEL = ModelSettings(name="m", revision="1", temperature=0.5, max_tokens=64)


class Said(BaseModel):
    """What the server of faults answers."""

    model_config = ConfigDict(strict=True)

    answer: str


def run_jobs(jobs: list[Job[Said]], model: ModelSettings, step: str) -> list[JobResult[Said]]:
    """Run jobs with a new client, as a stage that begins does."""
    return LLMClient().run_jobs(jobs, model, step)


def make_jobs(count: int, first: int = 0) -> list[Job[Said]]:
    """Make jobs of one question each, numbered from `first`."""
    return [
        Job(f"i{number}", [{"role": "user", "content": f"question {number}"}], Said)
        for number in range(first, first + count)
    ]


if __name__ == "__main__":
    count, target = int(sys.argv[1]), Path(sys.argv[2])
    results = run_jobs(make_jobs(count), MODEL, "items")
    target.write_text(
        json.dumps([(one.id, one.reply.answer if one.reply else one.reason) for one in results])
    )
