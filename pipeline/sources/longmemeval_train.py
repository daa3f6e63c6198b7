"""LongMemEval's oracle set without the questions of the evaluation set (paper: 200 of the 500 are left to
train on).

Which they are is read from MemoryAgentBench's own file: the questions of its rows `longmemeval_s*`, by id and
by text.
"""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.sources.formats import longmemeval, memory_agent_bench

_EVALUATED = "longmemeval_s"


def parse(raw: Path, source: str) -> Parsed:
    """See formats/longmemeval.py; an evaluation question is a reject.

    Raises MemcurateError when a file is missing or malformed.
    """
    evaluated = memory_agent_bench.asked_in(raw, "Accurate_Retrieval", _EVALUATED)
    return longmemeval.parse(raw, source, "longmemeval_oracle.json", evaluated)
