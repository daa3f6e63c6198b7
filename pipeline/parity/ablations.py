"""Ablations: one source rebuilt with other params, to measure it without one cause of a difference."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.chunking import ChunkingContext
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params, Source
from pipeline.core.schema import Instance
from pipeline.parity.build_source import SourceConfig, build_source, finish_source
from pipeline.parity.measures import PAPER_TOKENIZER, Measures, measure_instances
from pipeline.sources import make_reader
from pipeline.sources.shards import BYTES_PER_MB
from pipeline.text.tokens import Tokenizer

_GLOBAL_KEYS = ("seed", "tokenizer")  # keys of an ablation that are not the source's own


def override_source(source: Source, changes: Mapping[str, object], where: str) -> Source:
    """Return a source's params with other values at dotted keys, such as `chunking.max_tokens`.

    Raises MemcurateError that begins with `where` and names the key, when the source does not have it or does
    not accept the value.
    """
    values: dict[str, Any] = source.model_dump()
    for key, value in changes.items():
        *path, last = key.split(".")
        node: Any = values
        for part in path:
            node = node.get(part) if isinstance(node.get(part), dict) else {}
        if last not in node:
            raise MemcurateError(
                f"{where}: a source has no key {key!r}: name a key of the source as it is below sources"
            )
        node[last] = value
    try:
        return Source.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise MemcurateError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


class AblationRunner:
    """A runner of ablations of one source."""

    def __init__(self, name: str, params: Params, raw_dir: Path, assets: Path) -> None:
        """Read raw files like those of data/raw/<source>, and assets like data/assets."""
        self._name = name
        self._params = params
        self._raw_dir = raw_dir
        self._context = ChunkingContext(name, params.seed, params.split, params.tokenizer, assets)

    def run(self, ablation: str, changes: Mapping[str, object]) -> Measures:
        """Measure the instances that the source has with changed params.

        These are the instances before the dataset stage, where other sources and the limits count. Besides
        the source's own keys, `seed` can be changed, and `tokenizer`, by which chunks are cut. Raises
        MemcurateError when a change cannot be made, or no instance is left.
        """
        where = f"sources.{self._name}.parity.ablations.{ablation}"
        source_changes = {key: value for key, value in changes.items() if key not in _GLOBAL_KEYS}
        source = override_source(self._params.sources[self._name], source_changes, where)
        context = replace(
            self._context,
            seed=int(str(changes.get("seed", self._context.seed))),
            tokenizer_name=str(changes.get("tokenizer", self._context.tokenizer_name)),
        )
        config = SourceConfig(
            source.chunking,
            source.questions,
            source.checks,
            self._params.dataset.near_duplicate,
            source.language,
        )
        kept = self._build(source, config, context)
        if not kept:
            raise MemcurateError(f"{where}: no instance is left with these changes: make them smaller")
        return measure_instances(kept, Tokenizer(PAPER_TOKENIZER, self._context.assets).count)

    def _build(self, source: Source, config: SourceConfig, context: ChunkingContext) -> list[Instance]:
        """Return the instances, built as the stages build them; files are parsed anew for each ablation."""
        reader = make_reader(self._name, source)
        shards = reader.plan(self._raw_dir, self._params.shard_mb * BYTES_PER_MB)
        if not shards:
            return build_source(reader.parse(self._raw_dir), config, context)[0]
        chunked = chunk_shards_in_memory(reader, shards, config.chunking, context)
        return finish_source(chunked, [], config, context)[0]
