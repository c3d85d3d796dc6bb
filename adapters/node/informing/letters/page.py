"""From a letter or an overview to a page: HTML, and from that PDF/UA for printing."""

from pathlib import Path

from adapters.node.informing.letters.letter import Letter
from adapters.node.informing.letters.overview import Overview
from party.pdf import pdf_of, templates
from policies.catalogue import Catalogue

_ENVIRONMENT = templates(Path(__file__).parent)


def html(document: Letter | Overview, catalogue: Catalogue) -> str:
    """A whole page, to print or to read with a screen reader."""
    template = _ENVIRONMENT.get_template(document.template)
    return template.render(title=document.title, **document.fields(catalogue))


def pdf(document: Letter | Overview, catalogue: Catalogue) -> bytes:
    """For printing, PDF/UA-1. Raises PdfUnavailable."""
    return pdf_of(html(document, catalogue), "pdf/ua-1")
