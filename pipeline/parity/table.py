"""The paper's tables (Mem-alpha, arXiv 2509.25911, tables of the training and the evaluation data)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A data set of the paper: means over its instances, tokens counted by Qwen3's tokenizer."""

    train: int | None  # training instances, before `dataset.limit`; None for evaluation sets
    test: int  # validation instances, or those of the evaluation set
    tokens_per_chunk: float
    chunks_per_instance: float
    questions_per_instance: float


ROWS: dict[str, Row] = {
    "SQuAD": Row(264, 30, 1078, 10.0, 95.5),
    "HotpotQA": Row(1966, 219, 1051, 9.3, 17.0),
    "PerLTQA": Row(27, 4, 517, 23.3, 100),
    "LongMemEval-train": Row(45, 5, 1522, 15.6, 4.0),
    "NLU": Row(180, 20, 610, 10.0, 100),
    "TREC-coarse": Row(180, 20, 390, 10.0, 100),
    "PubMed-RCT": Row(90, 10, 1676, 10.0, 100),
    "BookSum": Row(1387, 155, 1916, 8.0, 1.0),
    "RULER-QA1": Row(None, 1, 2104, 103, 100),
    "RULER-QA2": Row(None, 1, 2164, 219, 100),
    "LongMemEval (S*)": Row(None, 5, 1591, 218.6, 60),
    "TREC-coarse (evaluation)": Row(None, 1, 1115, 111, 100),
    "TREC-fine (evaluation)": Row(None, 1, 1163, 108, 100),
    "NLU (evaluation)": Row(None, 1, 1167, 115, 100),
    "CLINIC150": Row(None, 1, 3441, 38, 100),
    "BANKING77": Row(None, 1, 1150, 111, 100),
    "InfBench-Sum": Row(None, 100, 2034, 88.9, 1),
}
