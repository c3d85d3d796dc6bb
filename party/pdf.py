"""Pages for people, and those as PDF. Nothing is fetched: no file, no address. The same page gives the same
bytes.
"""

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from party.letterforms import printable

_FIXED = datetime(2000, 1, 1, tzinfo=UTC)  # of files inside: the page says when it was made


class PdfUnavailable(Exception):
    """This machine cannot make PDF: the text says what is missing."""


def templates(folder: Path) -> Environment:
    """The templates in this folder: what they show is escaped, and a name that they misspell is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def pdf_of(
    page: str, variant: Literal["pdf/ua-1", "pdf/a-3a"], attached: Mapping[str, bytes] | None = None
) -> bytes:
    """PDF/UA-1 (ISO 14289-1), or PDF/A-3a (ISO 19005-3) with files inside it by name. Raises
    PdfUnavailable.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            from weasyprint import HTML, Attachment  # type: ignore[import-untyped]  # noqa: PLC0415 - it needs libraries of the system, which may be missing
            from weasyprint.text.ffi import harfbuzz_subset  # type: ignore[import-untyped]  # noqa: PLC0415
    except OSError:
        raise PdfUnavailable("Install the Pango library (Debian: libpango-1.0-0) to make PDF.") from None
    if harfbuzz_subset is None:  # without it fonts carry the time of making: never the same bytes again
        raise PdfUnavailable("Install the HarfBuzz-Subset library (Debian: libharfbuzz-subset0) to make PDF.")
    if not printable(unescape(page)):  # a name would be empty boxes; whose, is not said
        raise PdfUnavailable("Install fonts for all letters (Debian: fonts-noto-core, fonts-noto-cjk).")
    files = [
        Attachment(string=content, name=name, relationship="Source", created=_FIXED, modified=_FIXED)
        for name, content in (attached or {}).items()
    ]
    made = HTML(string=page, url_fetcher=_nothing, base_url=None)
    written: bytes = made.write_pdf(pdf_variant=variant, pdf_identifier=b"grondslag", attachments=files)
    return written


def _nothing(*_: Any, **__: Any) -> Any:
    raise ValueError("a page fetches nothing")
