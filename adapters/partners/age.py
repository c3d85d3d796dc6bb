"""Age bands (docs/law.md, Vocabulary) from a birth date that may be incomplete. Pure."""

from datetime import date

_FROM = (("under_12", 0), ("from_12_to_15", 12), ("from_16_to_17", 16), ("adult", 18))


def age_bands(birth_date: str, today: date) -> frozenset[str]:
    """Every band that is possible on that day; an unknown year leaves all four."""
    year, month, day = (int(part) for part in birth_date.split("-"))
    if year == 0:
        return frozenset(band for band, _ in _FROM)
    oldest = _age(year, month or 1, day or 1, today)
    youngest = _age(year, month or 12, day or 31, today)
    return frozenset(
        band
        for (band, lower), upper in zip(_FROM, [12, 16, 18, 1000], strict=True)
        if oldest >= lower and youngest < upper
    )


def _age(year: int, month: int, day: int, today: date) -> int:
    return today.year - year - ((today.month, today.day) < (month, day))


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; of 29 February the 28th."""
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return day.replace(year=day.year - years, day=last)
