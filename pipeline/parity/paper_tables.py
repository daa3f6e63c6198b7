"""The paper's tables (Mem-alpha, arXiv 2509.25911, tables of the training and the evaluation data)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A data set of the paper: means over its instances, tokens counted by Qwen3's tokenizer."""

    train: int | None  # training instances, before `dataset.max_train_per_source`; None for evaluation sets
    test: int  # validation instances, or those of the evaluation set
    tokens_per_chunk: float
    chunks_per_instance: float
    questions_per_instance: float


PAPER_ROWS: dict[str, PaperRow] = {
    "SQuAD": PaperRow(264, 30, 1078, 10.0, 95.5),
    "HotpotQA": PaperRow(1966, 219, 1051, 9.3, 17.0),
    "PerLTQA": PaperRow(27, 4, 517, 23.3, 100),
    "LongMemEval-train": PaperRow(45, 5, 1522, 15.6, 4.0),
    "NLU": PaperRow(180, 20, 610, 10.0, 100),
    "TREC-coarse": PaperRow(180, 20, 390, 10.0, 100),
    "PubMed-RCT": PaperRow(90, 10, 1676, 10.0, 100),
    "BookSum": PaperRow(1387, 155, 1916, 8.0, 1.0),
    "RULER-QA1": PaperRow(None, 1, 2104, 103, 100),
    "RULER-QA2": PaperRow(None, 1, 2164, 219, 100),
    "LongMemEval (S*)": PaperRow(None, 5, 1591, 218.6, 60),
    "TREC-coarse (evaluation)": PaperRow(None, 1, 1115, 111, 100),
    "TREC-fine (evaluation)": PaperRow(None, 1, 1163, 108, 100),
    "NLU (evaluation)": PaperRow(None, 1, 1167, 115, 100),
    "CLINIC150": PaperRow(None, 1, 3441, 38, 100),
    "BANKING77": PaperRow(None, 1, 1150, 111, 100),
    "InfBench-Sum": PaperRow(None, 100, 2034, 88.9, 1),
}
