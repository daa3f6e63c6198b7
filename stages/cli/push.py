"""memcurate push: the dataset on the Hugging Face Hub."""

from itertools import chain
from typing import Annotated

import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.storage import find_split_files
from stages.shared.paths import DATASET_DIR


def push(
    repo: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="a dataset repository of the hub")],
    private: Annotated[bool, typer.Option(help="make a new repository private")] = False,
    tag: Annotated[str | None, typer.Option(help="tag of the version on the hub, such as v1")] = None,
) -> None:
    """Publish data/dataset on the dataset hub: its card, splits and rejects, in one commit.

    A repository that does not exist is created. HF_TOKEN or `hf auth login` authenticates you.
    """
    from httpx import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    splits = chain.from_iterable(find_split_files(DATASET_DIR).values())
    missing = [path.name for path in (DATASET_DIR / "README.md", *splits) if not path.exists()]
    if missing:
        raise MemcurateError(
            f"{DATASET_DIR} has no {', '.join(missing)}: run `dvc repro assemble` or `dvc pull {DATASET_DIR}`"
        )
    api = HfApi()
    try:
        api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo,
            repo_type="dataset",
            folder_path=DATASET_DIR,
            commit_message="Dataset by memcurate",
            delete_patterns=["*.parquet"],
        )
        if tag is not None:
            api.create_tag(repo, repo_type="dataset", tag=tag)
    except (HfHubHTTPError, HFValidationError, HTTPError, OSError) as error:
        raise MemcurateError(f"{repo} was not published: {error}") from error
    print(commit.commit_url)
