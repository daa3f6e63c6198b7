"""Looks up, once, what pins a place: the revision that a branch is at now, and the hash of the file there.

The hub tells a file's hash without sending the file, an index that of its artifacts; of anything else the
bytes are loaded. What is found is what is there now: whoever pins it trusts it, and from then on any other
bytes are refused.
"""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.errors import MemcurateError
from pipeline.fetching import https
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.locators import Https, Hub, Local, Locator, Pypi, parse
from pipeline.fetching.pypi import published_sha256
from pipeline.fetching.verify import digest
from pipeline.params import Place


def is_pinned(place: Place) -> bool:
    """Whether fetch would take the place as it is."""
    locator = parse(place.locator)
    return bool(place.sha256 or place.git_blob) and not (isinstance(locator, Hub) and locator.moves)


def pinned(place: Place) -> Place:
    """The place with its revision and hash.

    Raises MemcurateError when nothing tells them, or when a hash that is given already is not that of the
    revision.
    """
    locator = parse(place.locator)
    try:
        found = _on_the_hub(locator) if isinstance(locator, Hub) else _sha256(locator)
    except UnreachableError as error:
        raise MemcurateError(f"{place.locator} cannot be pinned: {error}") from error
    for given, now in ((place.sha256, found.sha256), (place.git_blob, found.git_blob)):
        if given is not None and now is not None and given != now:
            raise MemcurateError(
                f"{place.locator} is pinned to {given}, but the file there is {now}: find out why it "
                "changed, and remove the hash from the params if you trust the new file"
            )
    return found


def _sha256(locator: Locator) -> Place:
    """The bytes that are there now."""
    if isinstance(locator, Pypi):
        return Place(locator=locator.text, sha256=published_sha256(locator))
    if isinstance(locator, Local):
        if not locator.path.is_file():
            raise UnreachableError(f"there is no file {locator.path.absolute()}")
        return Place(locator=locator.text, sha256=digest(locator.path, "sha256"))
    assert isinstance(locator, Https)
    with TemporaryDirectory() as scratch:
        part = Path(scratch) / "file"
        https.download(locator.url, part)
        return Place(locator=locator.text, sha256=digest(part, "sha256"))


def _on_the_hub(locator: Hub) -> Place:
    """The revision, and the hash that the hub has of the file there: of a large one sha256, else its git blob
    id.
    """
    # Imported late: it takes long, and nothing else of fetching's common road needs it.
    from httpx import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.hf_api import RepoFile

    api = HfApi()
    try:
        revision = api.dataset_info(locator.repo, revision=locator.revision).sha
        listed = api.get_paths_info(locator.repo, [locator.path], revision=revision, repo_type="dataset")
    except (HfHubHTTPError, HTTPError, OSError) as error:
        raise UnreachableError(f"the hub gave no answer that helps ({error})") from error
    files = [one for one in listed if isinstance(one, RepoFile)]
    if revision is None or not files:
        raise UnreachableError(f"the hub's {locator.repo} has no file {locator.path} at {locator.revision}")
    text = locator.text.replace(f"@{locator.revision}/", f"@{revision}/", 1)
    if files[0].lfs is not None:
        return Place(locator=text, sha256=files[0].lfs.sha256)
    return Place(locator=text, git_blob=files[0].blob_id)


def written(params: str, old: Place, new: Place) -> str:
    """The text of a params file in which every unpinned line of `old` says `new`; all else stays as it is.

    Raises MemcurateError when no line is `locator: …` alone.
    """
    line = re.compile(
        rf"^(?P<indent> *)(?P<dash>- +)?locator: *(['\"]?){re.escape(old.locator)}\3 *$", re.MULTILINE
    )
    if not line.search(params):
        raise MemcurateError(
            f"no line of the params says `locator: {old.locator}` and nothing else: write it so, on a line "
            "of its own"
        )
    name, value = ("sha256", new.sha256) if new.sha256 else ("git_blob", new.git_blob)
    has_hash = old.sha256 is not None or old.git_blob is not None

    def replaced(match: re.Match[str]) -> str:
        indent, dash = match["indent"], match["dash"] or ""
        first = f"{indent}{dash}locator: {new.locator}"
        return first if has_hash else f"{first}\n{' ' * len(indent + dash)}{name}: {value}"

    return line.sub(replaced, params)
