"""The evaluation of what is committed, by the real dvc, on the whole test split of a whole build."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from statistics import mean

import pandas as pd
import pytest

from pipeline.core.params import Params
from pipeline.core.storage import read_rows
from pipeline.text.tokens import Tokenizer
from tests.integration.conftest import Build
from tests.integration.project import BIN, run
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator
from training.memory.schema import EpisodeInput
from training.policies import Observation, Policy
from training.policies.scripted import ScriptedPolicy

pytestmark = pytest.mark.slow

# Plays a stretched instance: prints MB of text, MB a second, and the MB of memory that playing takes at most.
LONG = """
import sys, time, tracemalloc
from functools import lru_cache
from pathlib import Path
from pipeline.core.storage import read_rows
from pipeline.text.tokens import Tokenizer
from training.policies.run_episodes import run_episodes
from training.policies.scripted import ScriptedPolicy
from training.memory.schema import EpisodeInput
from training.evaluation.concatenation import concatenate_instances
tests, train = ([one for one in read_rows(Path(f"data/dataset/{side}.parquet"), EpisodeInput)
                 if one.source == "gutenberg"] for side in ("test", "train"))
assets = Path("data/assets")
count = Tokenizer("o200k_base", assets).count
instance = concatenate_instances(tests, train, int(sys.argv[1]), 100, 20)
writer = ScriptedPolicy(assets)
megabytes = sum(len(chunk.text.encode()) for chunk in instance.chunks) / 1e6
best = 0.0
for _ in range(3):
    start = time.process_time()
    (played,) = run_episodes(writer, [instance], 512, count)
    best = max(best, megabytes / (time.process_time() - start))
del played
tracemalloc.start()
list(run_episodes(writer, [instance], 512, count))
print(megabytes, best, tracemalloc.get_traced_memory()[1] / 1e6)
"""


@pytest.fixture
def project(builds: list[Build]) -> Path:
    """A whole build, not to be changed."""
    return builds[0].project


def test_it_takes_under_five_minutes(builds: list[Build]) -> None:
    assert max(build.evaluating for build in builds) < 300


def test_the_writer_beats_an_empty_memory_and_the_best_chunks(project: Path) -> None:
    """On all sources the one, on five at least the other, intervals excluding 0."""
    results = pd.read_csv(project / "data" / "evaluation" / "results.csv")
    test = results[results.context_length.isna()].set_index(["method", "source"])
    scripted = test.loc["scripted"]
    sources = scripted.drop(index="average")
    assert len(sources) == 9
    assert (sources.ci_low > test.loc["empty_memory"].ci_high[sources.index] + 0.1).all()
    assert (sources.delta_ci_low > 0).sum() >= 5
    assert scripted.delta_ci_low["average"] > 0.1


class Hoarder:
    """Stores every chunk word for word."""

    name = "hoarder"
    batch_size = 1

    def act(self, observations: Sequence[Observation]) -> list[str]:
        calls = [
            {"name": "new_memory_insert", "arguments": {"memory_type": "episodic", "content": one.chunk}}
            for one in observations
        ]
        return [f"<tool_call>{json.dumps(one)}</tool_call>" for one in calls]


def test_storing_chunks_word_for_word_does_not_win(project: Path, params: Params) -> None:
    """On every source its total reward is below the scripted writer's."""
    data = project / "data"
    count = lru_cache(1 << 14)(Tokenizer(params.tokenizer, data / "assets").count)
    evaluator = Evaluator(params, count, ExtractiveAnswerer(), 32_768)
    tests = list(read_rows(data / "dataset" / "test.parquet", EpisodeInput))
    totals: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    policies: list[Policy] = [Hoarder(), ScriptedPolicy(data / "assets")]
    for policy in policies:
        for episode in evaluator.evaluate_policy(policy, tests, None):
            if episode.total is not None:
                totals[episode.source][policy.name].append(episode.total)
    assert len(totals) == 9
    assert [source for source, of in totals.items() if mean(of["hoarder"]) >= mean(of["scripted"])] == []


def test_long_texts_are_written_fast_and_in_flat_memory(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At 1 MB of text a second or more; memory is what is kept of the episode, a few times its text."""
    for tokens in (30_000, 400_000):
        printed = subprocess.check_output(
            [sys.executable, "-c", LONG, str(tokens)], cwd=project, text=True, env={"PYTHONPATH": "."}
        )
        text, speed, peak = map(float, printed.split())
        with capsys.disabled():
            print(f"\n{tokens} tokens: {text:.2f} MB at {speed:.2f} MB/s, {peak:.1f} MB of memory")
        assert speed >= 1
        assert peak < 10 + 10 * text


def test_episodes_are_shown(project: Path) -> None:
    shown = run(project, BIN / "memcurate", "show", "scripted:gutenberg/stretched-400000")
    assert "step 200: " in shown and "question 99: " in shown
