"""Download a published artifact by name, exact version and hash; it is never built, installed or run."""

from pathlib import Path

import requests
import urllib3
from packaging.version import InvalidVersion, Version
from pypi_simple import DistributionPackage, NoSuchProjectError, PyPISimple, UnsupportedRepoVersionError

from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.https import (
    TIMEOUT,
    RefusedResponseError,
    check_link,
    describe_failure,
    download,
    make_session,
)
from pipeline.fetching.indexes import PackageIndex, list_indexes
from pipeline.fetching.locators import PypiLocator


def download_artifact(locator: PypiLocator, sha256: str, part: Path) -> None:
    """Download the file of that version with that hash into `part`, from the first index that has it.

    Raises UnreachableError with the reason of each index.
    """
    failures = []
    for index in list_indexes():
        try:
            url = _find_artifact(index, locator, sha256).url
            download(url, part, _link_auth(index, url))
            return
        except UnreachableError as error:
            failures.append(f"index {index.url}: {error}")
    raise UnreachableError("; ".join(failures))


def look_up_sha256(locator: PypiLocator) -> str:
    """Return the sha256 of the version's only wheel, else its only sdist, from the first index that has it.

    Raises UnreachableError with the reason of each index.
    """
    failures = []
    for index in list_indexes():
        try:
            listed = _list_artifacts(index, locator)
            for kind in ("wheel", "sdist"):
                digests = {
                    package.digests["sha256"]
                    for package in listed
                    if package.package_type == kind and package.digests
                }
                if len(digests) == 1:
                    return digests.pop()
            raise UnreachableError(
                f"it has not exactly one wheel or sdist of {locator.name}: write its sha256 yourself"
            )
        except UnreachableError as error:
            failures.append(f"index {index.url}: {error}")
    raise UnreachableError("; ".join(failures))


def _link_auth(index: PackageIndex, url: str) -> tuple[str, str] | None:
    """Return the credentials for a link of an index. Raises UnreachableError where the link leaves https."""
    try:
        check_link(index.url, url)
        return index.auth_for(url)
    except (RefusedResponseError, ValueError) as error:
        raise UnreachableError(f"its link {url}: {error}") from error


def _find_artifact(index: PackageIndex, locator: PypiLocator, sha256: str) -> DistributionPackage:
    packages = _list_artifacts(index, locator)
    for package in packages:
        if package.digests.get("sha256") == sha256:
            return package
    names = ", ".join(
        f"{package.filename} {package.digests.get('sha256', '(no hash)')}" for package in packages
    )
    raise UnreachableError(f"none of its files of {locator.name} has the pinned sha256 {sha256}: {names}")


def _list_artifacts(index: PackageIndex, locator: PypiLocator) -> list[DistributionPackage]:
    """List the files of that version. Raises UnreachableError when the index has none."""
    try:
        with PyPISimple(index.url, auth=index.auth, session=make_session()) as client:
            listed = client.get_project_page(locator.project, timeout=TIMEOUT).packages
    except NoSuchProjectError as error:
        raise UnreachableError(f"it has no project {locator.project!r}") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise UnreachableError(describe_failure(error)) from error
    # pypi-simple raises all of these for a malformed page.
    except (UnsupportedRepoVersionError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise UnreachableError(f"its response is not a page of a simple index ({error})") from error
    packages = [package for package in listed if _is_same_version(package.version, locator.version)]
    if not packages:
        known = sorted({package.version for package in listed if package.version})
        raise UnreachableError(
            f"it has no version {locator.version} of {locator.project} ({len(known)} others)"
        )
    return packages


def _is_same_version(left: str | None, right: str) -> bool:
    try:
        return left is not None and Version(left) == Version(right)
    except InvalidVersion:
        return left == right
