"""Tables for people: CSV, and OpenDocument for a spreadsheet program (ODF 1.3). Row after row, so that the
number of rows costs no memory.

A text that a spreadsheet program would take for a formula gets an apostrophe before it. The same rows give
the same bytes.
"""

import zipfile
from collections.abc import Iterable, Sequence
from typing import IO
from xml.sax.saxutils import escape

MOST_ROWS = 1_000_000
"""Of one sheet; programs stop at 1,048,576."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TIME = (1980, 1, 1, 0, 0, 0)
_MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"'
)
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    'manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_MIMETYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
_EMPTY = "<table:table-cell/>"
_XML = str.maketrans({code: "\ufffd" for code in range(32) if code not in (9, 10, 13)})


def csv_line(row: Iterable[str]) -> bytes:
    """One line, with semicolons, in UTF-8."""
    return ";".join(map(_csv_cell, row)).encode("utf-8", "replace") + b"\r\n"


class Ods:
    """Writes a spreadsheet to a file, row after row; every sheet begins with the header."""

    def __init__(self, file: IO[bytes], name: str, header: Sequence[str]) -> None:
        self._archive = zipfile.ZipFile(file, "w")
        self._archive.writestr(_member("mimetype", zipfile.ZIP_STORED), _MIMETYPE)
        self._archive.writestr(_member("META-INF/manifest.xml"), _MANIFEST)
        self._content = self._archive.open(_member("content.xml"), "w", force_zip64=True)
        self._name = name
        self._header = header
        self._sheets = self._rows = 0
        start = f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {_NAMES}>'
        self._put(f"{start}<office:body><office:spreadsheet>")
        self._begin()

    def add(self, row: Iterable[str]) -> None:
        if self._rows == MOST_ROWS:
            self._put("</table:table>")
            self._begin()
        self._rows += 1
        cells = "".join([_cell(value) for value in row])
        self._put(f"<table:table-row>{cells}</table:table-row>\n")

    def __enter__(self) -> "Ods":
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the file, also when it is not whole: then it is thrown away."""
        self._put("</table:table></office:spreadsheet></office:body></office:document-content>")
        self._content.close()
        self._archive.close()

    def _begin(self) -> None:
        self._sheets += 1
        self._rows = 0
        self._put(f'<table:table table:name="{escape(self._name)} {self._sheets}">')
        self.add(self._header)

    def _put(self, text: str) -> None:
        self._content.write(text.encode("utf-8", "replace"))


def _cell(value: str) -> str:
    if not value:
        return _EMPTY
    text = escape(_guarded(value).translate(_XML))
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def _csv_cell(value: str) -> str:
    text = _guarded(value)
    if any(mark in text for mark in ';"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _guarded(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value


def _member(name: str, how: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _TIME)
    member.compress_type = how
    member._compresslevel = 1  # type: ignore[attr-defined]
    return member
