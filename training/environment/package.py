"""The folder of an exported environment: a pinned dataset, the tokenizer's files, and the params.

`memcurate export` writes it into a package of a framework. `environment.json` names every file with its hash:

    environment.json            version, params, hashes
    dataset/train.parquet …     the splits, and the dataset's card
    assets/…                    files of the tokenizer, and lists of stop words
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from pipeline.core.agent_params import EpisodeParams
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import SPLITS, Split
from pipeline.core.storage import has_table
from pipeline.core.strict_model import Sha256, StrictModel
from pipeline.text.stop_words import use_stop_words
from pipeline.text.tokens import load_tokenizer
from training.credit.assign import CreditName
from training.environment.dataset import InstanceTable
from training.environment.environment import MemoryEnv, count_contents
from training.environment.evaluators import build_env_evaluator
from training.environment.results import StepInfo
from training.evaluation.answering import AnswerJudge
from training.evaluation.reward_parts import part_weights, reward_parts

MANIFEST, DATASET, ASSETS, STOP_WORDS = "environment.json", "dataset", "assets", "assets/stop_words"


class EnvManifest(StrictModel):
    """The contents of `environment.json`."""

    format: Literal[1] = 1
    version: Annotated[str, Field(pattern=r"^[0-9][0-9a-z.]*\+sha[0-9a-f]{12}$")]
    tokenizer: str
    params: EpisodeParams
    files: dict[str, Sha256]  # by their paths below the folder


class EnvPackage:
    """The folder of an exported environment. Its files are checked against their hashes at first use."""

    def __init__(self, folder: Path | str) -> None:
        """Read the manifest of a folder. Raises MemcurateError where it is missing or not valid."""
        self.folder = Path(folder)
        path = self.folder / MANIFEST
        try:
            self.manifest = EnvManifest.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            raise MemcurateError(
                f"{path} cannot be read ({reason}): write the package anew with `memcurate export`"
            ) from error
        self._tables: dict[tuple[Split, tuple[str, ...]], InstanceTable] = {}

    @property
    def version(self) -> str:
        """The version: that of memcurate, `+sha`, and 12 digits of the hash of all contents."""
        return self.manifest.version

    @property
    def params(self) -> EpisodeParams:
        """The params of its episodes."""
        return self.manifest.params

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of each part of a reward, as in `reward_parts`."""
        return part_weights(self.params.rewards)

    @property
    def splits(self) -> list[Split]:
        """The splits of its dataset."""
        return [name for name in SPLITS if has_table(self.folder / DATASET / f"{name}.parquet")]

    @cached_property
    def _verified_folder(self) -> Path:
        for name, expected in self.manifest.files.items():
            path = self.folder / name
            try:
                found = hash_file(path)
            except OSError as error:
                raise MemcurateError(
                    f"{path} cannot be read ({error.strerror}): install the package again"
                ) from error
            if found != expected:
                raise MemcurateError(
                    f"{path} has the SHA-256 {found}, but {self.folder / MANIFEST} pins {expected}: the file "
                    "was changed. Install the package again, or export another."
                )
        use_stop_words(self.folder / STOP_WORDS)
        return self.folder

    def read_split(self, split: Split, sources: Collection[str] | None = None) -> InstanceTable:
        """Return the instances of a split, of `sources` alone where they are given; read once per process.

        Raises MemcurateError where the split or a source is missing, or a file is not as pinned.
        """
        key = split, tuple(sorted(set(sources or ())))
        if key not in self._tables:
            self._tables[key] = InstanceTable(self._verified_folder / DATASET, split, sources or None)
        return self._tables[key]

    def make_env(
        self,
        split: Split,
        *,
        sources: Collection[str] | None = None,
        answer_judge: AnswerJudge | None = None,
        credit: CreditName = "episode",
        describe_tools: bool = True,
        max_chunks: int | None = None,
        max_questions: int | None = None,
        seed: int = 0,
    ) -> MemoryEnv:
        """Make an environment of a split; environments of equal split and sources share its instances.

        The arguments are those of `MemoryEnv.load`. Raises MemcurateError as `read_split` does.
        """
        instances = self.read_split(split, sources)
        count_tokens = load_tokenizer(self.manifest.tokenizer, self._verified_folder / ASSETS).count
        return MemoryEnv(
            instances,
            build_env_evaluator(self.params, count_tokens, answer_judge=answer_judge),
            partial(count_contents, count_tokens),
            credit=credit,
            describe_tools=describe_tools,
            max_chunks=max_chunks,
            max_questions=max_questions,
            seed=seed,
        )

    def measure_episode(self, instance: str, info: StepInfo) -> dict[str, float]:
        """Return the rewards of an episode by name, their `total`, `memory_tokens` and `num_calls`.

        `info` is that of its last step. Raises ValueError where no question of the instance got a score.
        """
        episode = info.episode
        parts = reward_parts(episode, self.params.rewards) if episode else None
        if episode is None or episode.total is None or parts is None:
            raise ValueError(
                f"{instance}: no question can be scored, so the episode has no reward: take the rows of "
                "`python -m memcurate_memory.rows`, which leaves such instances out"
            )
        return {
            **{name: part.value for name, part in parts.items()},
            "total": episode.total,
            "memory_tokens": episode.memory_tokens,
            "num_calls": sum(len(step.calls) for step in episode.steps),
        }

    def detail_episode(self, info: StepInfo) -> dict[str, Any]:
        """Return the package's `version`, and `step_rewards` and `answers` of an episode, as JSON values.

        `info` is that of its last step.
        """
        answers = info.episode.answers if info.episode else ()
        return {
            "version": self.version,
            "step_rewards": [asdict(one) for one in info.step_rewards],
            "answers": [
                {"question": one.question, "answer": one.answer, "score": one.score} for one in answers
            ],
        }


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_version(memcurate_version: str, contents: Mapping[str, Any]) -> str:
    """Return the version of a package: that of memcurate, `+sha`, and 12 digits of a hash of `contents`."""
    canonical = json.dumps(contents, sort_keys=True, ensure_ascii=True)
    return f"{memcurate_version}+sha{hashlib.sha256(canonical.encode()).hexdigest()[:12]}"
