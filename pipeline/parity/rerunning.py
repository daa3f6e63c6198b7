"""Reruns of one source with other params: what a figure would be without a cause of its difference."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.chunking import Context
from pipeline.documents import Parsed
from pipeline.errors import MemcurateError
from pipeline.params import Params, Source
from pipeline.parity.measuring import PAPERS_TOKENIZER, Measured, measured
from pipeline.road import Recipe, travel
from pipeline.sources import parse
from pipeline.text.tokens import Tokenizer

_OF_ALL = ("seed", "tokenizer")  # keys of a rerun that are not the source's own


def changed(source: Source, changes: Mapping[str, object], where: str) -> Source:
    """The source with other values at dotted keys of its own.

    Raises MemcurateError that names the key, where there is none such or it takes another value.
    """
    values: dict[str, Any] = source.model_dump()
    for key, value in changes.items():
        *path, last = key.split(".")
        node: Any = values
        for part in path:
            node = node.get(part) if isinstance(node.get(part), dict) else {}
        if last not in node:
            raise MemcurateError(f"{where}: a source has no key {key!r}")
        node[last] = value
    try:
        return Source.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise MemcurateError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


class Rerunner:
    """Reruns of one source, whose raw files are parsed once."""

    def __init__(
        self, name: str, params: Params, raw: Path, assets: Path, adapter: str | None = None
    ) -> None:
        """`raw` and `assets` are like data/raw/<source> and data/assets. `adapter`: another source's."""
        self._name = name
        self._adapter = adapter or name
        self._params = params
        self._raw = raw
        self._context = Context(name, params.seed, params.split, params.tokenizer, assets)

    def run(self, rerun: str, changes: Mapping[str, object]) -> Measured:
        """The measures of what the source gives with these changes, before other sources and the limit
        matter.

        Beside the source's own keys `seed` can be changed, and `tokenizer`, what chunks are cut by.
        Raises MemcurateError where a change cannot be made, or nothing comes of it.
        """
        where = f"sources.{self._name}.paper.reruns.{rerun}"
        own = {key: value for key, value in changes.items() if key not in _OF_ALL}
        source = changed(self._params.sources[self._name], own, where)
        context = replace(
            self._context,
            seed=int(str(changes.get("seed", self._context.seed))),
            tokenizer_name=str(changes.get("tokenizer", self._context.tokenizer_name)),
        )
        recipe = Recipe(source.chunking, source.questions, source.checks, self._params.dataset.near_duplicate)
        kept, _ = travel(self._parsed(), recipe, context)
        if not kept:
            raise MemcurateError(f"{where}: nothing is left")
        return measured(kept, Tokenizer(PAPERS_TOKENIZER, self._context.assets).count)

    def _parsed(self) -> Parsed:
        """Parsed anew: recipes may write into what they are given."""
        return parse(self._adapter, self._raw)
