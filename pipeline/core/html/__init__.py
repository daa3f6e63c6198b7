"""Self-contained HTML pages: the template environment, and the head and style that all pages share."""

import base64
import hashlib

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.core.printable import escape_hidden


def create_environment(package: str) -> Environment:
    """Create the Jinja environment of a package's `templates` folder and of the shared templates."""
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader(package, "templates"), PackageLoader("pipeline.core.html", "templates")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize_value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = _format_number
    environment.filters["source_hash"] = _hash_source
    return environment


def _finalize_value(value: object) -> object:
    """Escape hidden characters in text of the data; leave the template's own markup as it is."""
    return escape_hidden(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _format_number(value: float | None, digits: int = 1) -> str:
    """Format a number with thousands separators: `digits` decimals for a float, a dash for None."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{digits}f}"


def _hash_source(text: str) -> str:
    """Return the hash of a style block as a Content Security Policy names it, such as `sha256-…`."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
