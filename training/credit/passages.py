"""The passages of each question from a memory and from the memory without some calls.

They are those of `MemoryRetriever`: core, then the best entries of both lists in turn. Here a passage is a
TextVersion, and the lists are ranked without an index for each memory.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from training.credit.history import MemoryHistory, Place, TextVersion
from training.credit.subset_ranking import SubsetRanking
from training.evaluation.retrieval import interleave
from training.memory.memory import LIST_NAMES, ListName

Passages = tuple[TextVersion, ...]  # best first


class PassageFinder:
    """The retrieval from any memory that versions of an episode's history make."""

    def __init__(self, history: MemoryHistory, questions: Sequence[str], top_k: int) -> None:
        """Count the terms of the questions in all versions; `top_k` entries of each list are retrieved."""
        self._top_k = top_k
        self._versions = {name: history.versions_of(name) for name in LIST_NAMES}
        self._columns = {
            version.number: column
            for versions in self._versions.values()
            for column, version in enumerate(versions)
        }
        self._rankings = {
            name: SubsetRanking([version.text for version in versions], questions)
            for name, versions in self._versions.items()
        }

    def rank_lists(
        self, state: Mapping[Place, TextVersion], rows: np.ndarray, lists: Sequence[ListName] = LIST_NAMES
    ) -> dict[ListName, np.ndarray]:
        """Return the best versions of `lists` for the questions `rows`, as columns of a list's versions."""
        columns: dict[ListName, list[int]] = {name: [] for name in lists}
        for (name, _), version in state.items():
            if name != "core" and name in columns:
                columns[name].append(self._columns[version.number])
        return {
            name: self._rankings[name].rank(np.sort(np.array(found, int)), rows, self._top_k)
            for name, found in columns.items()
        }

    def collect(
        self, core: TextVersion | None, ranked: Mapping[ListName, np.ndarray], index: int
    ) -> Passages:
        """Return the passages of one question: `index` is its row in `ranked`."""
        lists = [
            [self._versions[name][column] for column in ranked[name][index].tolist()] for name in LIST_NAMES
        ]
        return (*([core] if core is not None and core.text else ()), *interleave(lists))
