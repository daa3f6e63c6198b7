"""Texts of HTML pages and EPUB books, as Markdown.

Spans count the characters of this Markdown. It is the same for the same bytes and versions of the libraries,
so that a span can be read again from the file.
"""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EncodingDetector
from markdownify import MarkdownConverter

from pipeline.core.errors import MemcurateError

_MAX_BYTES = 1 << 28  # unpacked of a book; beyond them the compression ratio is checked
_MAX_COMPRESSION_RATIO = 100
_MAX_XML_BYTES = 1 << 24  # unpacked of a book's list of pages; a parsed one takes several times its bytes
_NO_TEXT = ("script", "style", "noscript", "template", "nav", "aside", "form", "button", "svg", "iframe")
_CONVERTER = MarkdownConverter(
    heading_style="ATX",
    bullets="-",
    strip=["a", "img"],
    escape_asterisks=False,
    escape_underscores=False,
    escape_misc=False,
)


def read_markup(path: Path) -> str:
    """Return the text of an HTML page or an EPUB book as Markdown, without links, images and navigation.

    Raises MemcurateError where the file is damaged, nested too deeply, or unpacks to more than texts do;
    OSError where it cannot be read.
    """
    status = path.stat()
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _mtime_ns: int, _size: int) -> str:
    if path.suffix.lower() == ".epub":
        return "\n\n".join(_to_markdown(page, path) for page in _iter_epub_pages(path))
    return _to_markdown(path.read_bytes(), path)


def _to_markdown(page: bytes, path: Path) -> str:
    try:
        soup = BeautifulSoup(_decode(page).replace("\0", ""), "html.parser")
        for tag in soup(_NO_TEXT):
            tag.decompose()
        content = _find_content(soup)
        title = soup.title.get_text(" ", strip=True) if soup.title and not content.find("h1") else ""
        text = str(_CONVERTER.convert_soup(content)).strip()
    except RecursionError as error:
        raise MemcurateError(f"{path}: its elements are nested too deeply: save it as plain text") from error
    return f"# {' '.join(title.split())}\n\n{text}\n" if title else f"{text}\n"


def _find_content(soup: BeautifulSoup) -> Tag:
    """Return the article of a page, or its main part, where it has exactly one; else its body."""
    for name in ("article", "main"):
        found = soup.find_all(name)
        if len(found) == 1 and isinstance(found[0], Tag):
            return found[0]
    if soup.head:
        soup.head.extract()
    return soup.body or soup


def _decode(page: bytes) -> str:
    """Decode a page: by its byte order mark, as UTF-8, by the encoding that it declares, or as Latin-1."""
    declared = EncodingDetector.find_declared_encoding(page, is_html=True)
    for encoding in ("utf-8-sig", declared):
        try:
            if encoding:
                return page.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return page.decode("latin-1")


def _iter_epub_pages(path: Path) -> Iterator[bytes]:
    """Yield the pages of a book in reading order, without its table of contents."""
    remaining = max(_MAX_BYTES, _MAX_COMPRESSION_RATIO * path.stat().st_size)
    try:
        with zipfile.ZipFile(path) as archive:
            package_path = _find_package(archive)
            package = _parse_member(archive, package_path)
            items = {item.get("id"): item for item in package.iterfind(".//{*}manifest/{*}item")}
            for reference in package.iterfind(".//{*}spine/{*}itemref"):
                item = items[reference.get("idref")]
                if "nav" in (item.get("properties") or "").split():
                    continue
                href = unquote(item.attrib["href"])
                member = archive.getinfo(
                    posixpath.normpath(posixpath.join(posixpath.dirname(package_path), href))
                )
                remaining -= member.file_size
                if remaining < 0:
                    raise MemcurateError(f"{path}: the book unpacks to more than texts do: it is left out")
                yield archive.read(member)
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ElementTree.ParseError,
        RuntimeError,
        ValueError,
    ) as error:
        raise MemcurateError(f"{path} cannot be read as an EPUB book: {error}") from error


def _find_package(archive: zipfile.ZipFile) -> str:
    """Return the path of the book's package file. Raises KeyError where none is named."""
    container = _parse_member(archive, "META-INF/container.xml")
    for root in container.iterfind(".//{*}rootfile"):
        return root.attrib["full-path"]
    raise KeyError("META-INF/container.xml names no package file")


def _parse_member(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """Parse an XML file of a book. Raises KeyError where it is missing, ValueError where it is too large."""
    size = archive.getinfo(name).file_size
    if size > _MAX_XML_BYTES:
        raise ValueError(f"{name} unpacks to {size:,} bytes, at most {_MAX_XML_BYTES:,} are read")
    return ElementTree.fromstring(archive.read(name))
