"""A page as PDF. Nothing is fetched: no file, no address. The same page gives the same bytes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

_FIXED = datetime(2000, 1, 1, tzinfo=UTC)  # of files inside: the page says when it was made


class PdfUnavailable(Exception):
    """This machine cannot make PDF: the text says what is missing."""


def pdf_of(
    page: str, variant: Literal["pdf/ua-1", "pdf/a-3a"], attached: Mapping[str, bytes] | None = None
) -> bytes:
    """PDF/UA-1 (ISO 14289-1), or PDF/A-3a (ISO 19005-3) with files inside it by name. Raises
    PdfUnavailable.
    """
    try:
        from weasyprint import HTML, Attachment  # type: ignore[import-untyped]  # noqa: PLC0415 - it needs a library of the system, which may be missing
    except OSError:
        raise PdfUnavailable("Install the Pango library (Debian: libpango-1.0-0) to make PDF.") from None
    files = [
        Attachment(string=content, name=name, relationship="Source", created=_FIXED, modified=_FIXED)
        for name, content in (attached or {}).items()
    ]
    made = HTML(string=page, url_fetcher=_nothing, base_url=None)
    written: bytes = made.write_pdf(pdf_variant=variant, pdf_identifier=b"grondslag", attachments=files)
    return written


def _nothing(*_: Any, **__: Any) -> Any:
    raise ValueError("a page fetches nothing")
