"""The calendar day in the Netherlands: ages, dates and terms count those days, not UTC's."""

from audit.terms import ZONE, day_of

__all__ = ["ZONE", "day_of"]
