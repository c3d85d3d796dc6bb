"""Whether this machine has a font for every letter of a text: what it has not is printed as an empty box."""

from typing import Any


def printable(text: str) -> bool:
    """Raises OSError when the Pango library is not there."""
    from weasyprint.text.ffi import ffi, gobject, pango, pangoft2  # type: ignore[import-untyped]  # noqa: PLC0415 - it needs libraries of the system, which may be missing

    if not hasattr(pango, "pango_layout_get_unknown_glyphs_count"):
        ffi.cdef("int pango_layout_get_unknown_glyphs_count (PangoLayout *layout);")

    def owned(made: Any) -> Any:
        return ffi.gc(made, gobject.g_object_unref)

    fonts = owned(pangoft2.pango_ft2_font_map_new())
    context = owned(pango.pango_font_map_create_context(fonts))
    layout = owned(pango.pango_layout_new(context))
    raw = "".join(letter for letter in text if letter.isprintable() or letter == " ").encode()
    pango.pango_layout_set_text(layout, raw, len(raw))
    return not pango.pango_layout_get_unknown_glyphs_count(layout)
