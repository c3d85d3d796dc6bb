"""base64url without padding (RFC 4648 5, RFC 7515 2): one text for the same bytes, and bytes for one text."""

from binascii import Error, a2b_base64, b2a_base64

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}
_WRITTEN = bytes.maketrans(b"+/", b"-_")
_READ = bytes.maketrans(b"-_+/=", b"+/!!!")  # what is of the other alphabet becomes what is of none

# bits of the last letter that belong to no byte, by how many letters there are after the last four
_UNUSED = {2: 0b1111, 3: 0b11}


def encode(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).translate(_WRITTEN).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Raises ValueError for any other letter, padding, and bits that are set and belong to no byte: they
    would make a second spelling.
    """
    rest = len(text) % 4
    if rest and _VALUES.get(text[-1], 0) & _UNUSED.get(rest, 0):
        raise ValueError("not base64url")
    plain = text.encode("ascii", "replace").translate(_READ) + b"==="[: -rest % 4]
    try:
        return a2b_base64(plain, strict_mode=True)
    except Error:
        raise ValueError("not base64url") from None
