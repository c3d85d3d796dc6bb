"""From a letter or an overview to a page: HTML, and from that PDF/UA for printing.

Nothing is fetched: no file, no address. The same letter gives the same bytes.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from adapters.node.letters.letter import Letter
from adapters.node.letters.overview import Overview

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class PdfUnavailable(Exception):
    """This machine cannot make PDF: the text says what is missing."""


def html(document: Letter | Overview) -> str:
    """A whole page, to print or to read with a screen reader."""
    template = _ENVIRONMENT.get_template(document.template)
    return template.render(title=document.title, **document.fields())


def pdf(document: Letter | Overview) -> bytes:
    """PDF/UA-1 (ISO 14289-1). Raises PdfUnavailable."""
    try:
        from weasyprint import HTML  # type: ignore[import-untyped]  # noqa: PLC0415 - it needs a library of the system, which may be missing
    except OSError:
        raise PdfUnavailable("Install the Pango library (Debian: libpango-1.0-0) to make PDF.") from None
    made = HTML(string=html(document), url_fetcher=_nothing, base_url=None)
    written: bytes = made.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=b"grondslag")
    return written


def _nothing(*_: Any, **__: Any) -> Any:
    raise ValueError("a letter fetches nothing")
