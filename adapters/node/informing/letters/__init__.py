"""What a person gets on paper: the letter that tells what was asked, and the overview of all of it."""

from adapters.node.informing.letters.letter import TEXT_VERSION, Letter
from adapters.node.informing.letters.overview import Overview
from adapters.node.informing.letters.page import html, pdf
from adapters.node.informing.letters.words import Contact

__all__ = ["TEXT_VERSION", "Contact", "Letter", "Overview", "html", "pdf"]
