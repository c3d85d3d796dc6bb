"""Tables for people: CSV, and OpenDocument for a spreadsheet program (ODF 1.3). Row after row, so that the
number of rows costs no memory.

A text that a spreadsheet program would take for a formula gets an apostrophe before it. The same rows give
the same bytes.
"""

import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import IO
from xml.sax.saxutils import escape

from audit.rows import CellValue

MOST_ROWS = 1_000_000
"""Of one sheet; programs stop at 1,048,576."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TIME = (1980, 1, 1, 0, 0, 0)
_MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" office:version="1.3"'
)
_DAY = (
    '<number:day number:style="long"/><number:text>-</number:text><number:month number:style="long"/>'
    '<number:text>-</number:text><number:year number:style="long"/>'
)
_CLOCK = (
    '<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/><number:text>:</number:text><number:seconds number:style="long"/>'
)
_STYLES = (
    "<office:automatic-styles>"
    f'<number:date-style style:name="als-dag">{_DAY}</number:date-style>'
    f'<number:date-style style:name="als-tijd">{_DAY}{_CLOCK}</number:date-style>'
    '<style:style style:name="dag" style:family="table-cell" style:data-style-name="als-dag"/>'
    '<style:style style:name="tijd" style:family="table-cell" style:data-style-name="als-tijd"/>'
    "</office:automatic-styles>"
)
CONTENT = "content.xml"
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


SHEET = "regels"
"""The name of a sheet of entries; a number follows."""

UTF8_MARK = b"\xef\xbb\xbf"
"""Spreadsheet programs take a CSV file without it for another encoding."""


def csv_line(row: Iterable[CellValue]) -> bytes:
    """One line, with semicolons, in UTF-8."""
    return ";".join(map(_csv_cell, row)).encode("utf-8", "replace") + b"\r\n"


class Xml:
    """The text of a spreadsheet, row after row, in UTF-8; every sheet begins with the header."""

    def __init__(self, put: Callable[[bytes], object], name: str, header: Sequence[str]) -> None:
        self._put = put
        self._name = name
        self._header = header
        self._sheets = self._rows = 0
        self._write(f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {_NAMES}>')
        self._write(f"{_STYLES}<office:body><office:spreadsheet>")
        self._begin()

    def add(self, row: Iterable[CellValue]) -> None:
        if self._rows == MOST_ROWS:
            self._write("</table:table>")
            self._begin()
        self._rows += 1
        cells = "".join([_cell(value) for value in row])
        self._write(f"<table:table-row>{cells}</table:table-row>\n")

    def end(self) -> None:
        self._write("</table:table></office:spreadsheet></office:body></office:document-content>")

    def _begin(self) -> None:
        self._sheets += 1
        self._rows = 0
        self._write(f'<table:table table:name="{escape(self._name)} {self._sheets}">')
        self.add(self._header)

    def _write(self, text: str) -> None:
        self._put(text.encode("utf-8", "replace"))


class Ods:
    """Writes a spreadsheet to a file, row after row."""

    def __init__(self, file: IO[bytes], name: str, header: Sequence[str]) -> None:
        self._archive = zipfile.ZipFile(file, "w")
        self._archive.writestr(_member("mimetype", zipfile.ZIP_STORED), _MIMETYPE)
        self._archive.writestr(_member("META-INF/manifest.xml"), _MANIFEST)
        self._content = self._archive.open(_member(CONTENT), "w", force_zip64=True)
        self._xml = Xml(self._content.write, name, header)
        self.add = self._xml.add

    def __enter__(self) -> "Ods":
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the file, also when it is not whole: then it is thrown away."""
        self._xml.end()
        self._content.close()
        self._archive.close()


def same_around(archive: zipfile.ZipFile) -> bool:
    """Whether all of a spreadsheet but its content is what `Ods` writes."""
    names = ["mimetype", "META-INF/manifest.xml", CONTENT]
    around = (_MIMETYPE.encode(), _MANIFEST.encode())
    return archive.namelist() == names and all(
        archive.getinfo(name).file_size == len(text) and archive.read(name) == text
        for name, text in zip(names, around, strict=False)
    )


def _cell(value: CellValue) -> str:
    if value == "":
        return _EMPTY
    if isinstance(value, int):
        kind, text = f'office:value-type="float" office:value="{value}"', str(value)
    elif isinstance(value, date):  # a time too
        style = "tijd" if isinstance(value, datetime) else "dag"
        kind = f'table:style-name="{style}" office:value-type="date" office:date-value="{value.isoformat()}"'
        text = _csv_cell(value)
    else:
        kind, text = 'office:value-type="string"', escape(_guarded(value).translate(_XML))
    return f"<table:table-cell {kind}><text:p>{text}</text:p></table:table-cell>"


def _csv_cell(value: CellValue) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return f"{value:%d-%m-%Y %H:%M:%S}" if isinstance(value, datetime) else f"{value:%d-%m-%Y}"
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
