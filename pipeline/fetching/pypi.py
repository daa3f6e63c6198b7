"""One published artifact, by name, exact version and hash: downloaded, never built, installed or run."""

from pathlib import Path

import requests
import urllib3
from packaging.version import InvalidVersion, Version
from pypi_simple import DistributionPackage, NoSuchProjectError, PyPISimple, UnsupportedRepoVersionError

from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.https import TIMEOUT, RefusedError, check_link, download, reason, session
from pipeline.fetching.indexes import Index, indexes
from pipeline.fetching.locators import Pypi


def download_artifact(locator: Pypi, sha256: str, part: Path) -> None:
    """Download into `part` the file of that version that has the hash, from the first index that has it.

    Raises UnreachableError, which says why each index gave nothing.
    """
    failures = []
    for index in indexes():
        try:
            url = _find(index, locator, sha256).url
            download(url, part, _auth(index, url))
            return
        except UnreachableError as error:
            failures.append(f"index {index.url}: {error}")
    raise UnreachableError("; ".join(failures))


def published_sha256(locator: Pypi) -> str:
    """The sha256 that the first index with that version tells: of its wheel, or where it has not one of its
    sdist.

    Raises UnreachableError, which says why each index told none.
    """
    failures = []
    for index in indexes():
        try:
            listed = _of_version(index, locator)
            for kind in ("wheel", "sdist"):
                known = {one.digests["sha256"] for one in listed if one.package_type == kind and one.digests}
                if len(known) == 1:
                    return known.pop()
            raise UnreachableError(
                f"it has not one wheel or one sdist of {locator.name}: write its sha256 yourself"
            )
        except UnreachableError as error:
            failures.append(f"index {index.url}: {error}")
    raise UnreachableError("; ".join(failures))


def _auth(index: Index, url: str) -> tuple[str, str] | None:
    """The credentials for a link of an index. Raises UnreachableError where it is not to be followed."""
    try:
        check_link(index.url, url)
        return index.auth_for(url)
    except (RefusedError, ValueError) as error:
        raise UnreachableError(f"its link {url}: {error}") from error


def _find(index: Index, locator: Pypi, sha256: str) -> DistributionPackage:
    of_version = _of_version(index, locator)
    for package in of_version:
        if package.digests.get("sha256") == sha256:
            return package
    names = ", ".join(
        f"{package.filename} {package.digests.get('sha256', '(no hash)')}" for package in of_version
    )
    raise UnreachableError(f"none of its files of {locator.name} has the pinned sha256 {sha256}: {names}")


def _of_version(index: Index, locator: Pypi) -> list[DistributionPackage]:
    """The files of that version. Raises UnreachableError when there are none."""
    try:
        with PyPISimple(index.url, auth=index.auth, session=session()) as client:
            listed = client.get_project_page(locator.project, timeout=TIMEOUT).packages
    except NoSuchProjectError as error:
        raise UnreachableError(f"it has no project {locator.project!r}") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise UnreachableError(reason(error)) from error
    # pypi-simple reads the page with pydantic and others, which make all of these of a strange page.
    except (UnsupportedRepoVersionError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise UnreachableError(f"its answer is not a simple index's page ({error})") from error
    of_version = [package for package in listed if _same_version(package.version, locator.version)]
    if not of_version:
        known = sorted({package.version for package in listed if package.version})
        raise UnreachableError(
            f"it has no version {locator.version} of {locator.project} ({len(known)} others)"
        )
    return of_version


def _same_version(one: str | None, other: str) -> bool:
    try:
        return one is not None and Version(one) == Version(other)
    except InvalidVersion:
        return one == other
