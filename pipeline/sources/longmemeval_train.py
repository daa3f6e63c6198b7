"""LongMemEval's oracle set without the questions of the evaluation set (paper: 200 of 500 remain for train).

The evaluation questions are read from MemoryAgentBench's own file: those of its rows `longmemeval_s*`, by id
and by text.
"""

from pathlib import Path

from pipeline.sources.formats import longmemeval, memory_agent_bench
from pipeline.sources.parsed import ParsedSource

_EVALUATION_SOURCE = "longmemeval_s"


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse `longmemeval_oracle.json` with `formats/longmemeval.py`; an evaluation question is a reject.

    Raises MemcurateError when a file is missing or malformed.
    """
    evaluation_questions = memory_agent_bench.find_evaluation_questions(
        raw_dir, "Accurate_Retrieval", _EVALUATION_SOURCE
    )
    return longmemeval.parse(raw_dir, source, "longmemeval_oracle.json", evaluation_questions)
