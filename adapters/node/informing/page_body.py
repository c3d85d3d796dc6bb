"""A letter or an overview as the API hands it out: HTML, and PDF where this node can make one."""

import asyncio
import base64

from pydantic import Field

from adapters.node.informing.letters import Letter, Overview, html, pdf
from party.body import Body, shown
from party.pdf import PdfUnavailable
from policies.catalogue import Catalogue


class PageOut(Body):
    model_config = shown(
        "Een brief of overzicht om af te drukken.",
        {"html": "<!DOCTYPE html>…", "pdf": None, "pdfProblem": None},
    )

    html: str = Field(description="De pagina, ook goed te lezen met een schermlezer.")
    pdf: str | None = Field(description="PDF/UA, in base64; leeg als dit knooppunt geen PDF kan maken.")
    pdf_problem: str | None = Field(description="Wat er dan ontbreekt.")


async def printed(document: Letter | Overview, catalogue: Catalogue) -> PageOut:
    """As it is handed out."""
    text, printed, problem = html(document, catalogue), None, None
    try:
        printed = base64.b64encode(await asyncio.to_thread(pdf, document, catalogue)).decode()
    except PdfUnavailable as missing:
        problem = str(missing)
    return PageOut(html=text, pdf=printed, pdf_problem=problem)
