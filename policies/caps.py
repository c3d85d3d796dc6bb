"""How far the limits and clocks of a release may go. They stand in code, not in the release: no version of
the hand-out loosens them. Each names its source. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.catalogue import Catalogue, Parameters


@dataclass(frozen=True)
class Cap:
    """A parameter, the most that it may be, and why."""

    parameter: str
    most: int
    source: str


CAPS: tuple[Cap, ...] = (
    Cap("notice_days", 28, "Wmo 5.3.1: ten hoogste vier weken na het vastleggen; AVG 14(3): een maand"),
    Cap("deferral_max_days", 14, "Wmo 5.3.1: telkens ten hoogste twee weken"),
    Cap("fg_review_deferral", 3, "UAVG 41(2): bij het derde uitstel kijkt de FG mee"),
    Cap("fg_review_week", 10, "UAVG 41(2): na tien weken kijkt de FG mee"),
    Cap("police_lookback_years", 5, "Wpg 8(6): gegevens van artikel 8 ten hoogste vijf jaar"),
    Cap("melding_due_hours", 24, "Wmo 5.1.6(2): bij spoed volgt de melding binnen een dag"),
    Cap("max_subjects_per_case", 12, "Wpg 3; AVG 5(1)(c): niet vissen"),
    Cap("max_repeats", 2, "Wpg 3; AVG 5(1)(c): niet vissen"),
    Cap("fast_deadline_hours", 2, "Wmo 5.2.9(7): bij acuut gevaar meteen"),
    Cap("human_deadline_working_days", 3, "AVG 5(1)(c): een vraag blijft niet langer open dan nodig"),
    Cap("human_deadline_working_days_before_meeting", 3, "als human_deadline_working_days"),
    Cap("answer_fresh_days", 14, "AVG 5(1)(d); Wpg 4(1): juist en actueel"),
    Cap("urgent_review_working_days", 1, "Wpg 3: gebruik van spoed wordt meteen nagekeken"),
)


def beyond(catalogue: Catalogue) -> Iterator[str]:
    """What goes beyond, nationally or in a region, as `notice_days = 280 (at most 28: Wmo 5.3.1 ...)`."""
    yield from _beyond(catalogue.parameters, "")
    for region in catalogue.regions.values():
        if region.parameters != catalogue.parameters:
            yield from _beyond(region.parameters, f"{region.code}: ")


def _beyond(parameters: Parameters, where: str) -> Iterator[str]:
    for cap in CAPS:
        value = getattr(parameters, cap.parameter, 0)
        if value > cap.most:
            yield f"{where}{cap.parameter} = {value} (ten hoogste {cap.most}: {cap.source})"
    days = parameters.notice_reminder_days
    if not days or list(days) != sorted(days) or not 0 < days[0] <= days[-1] < parameters.notice_days:
        yield f"{where}notice_reminder_days: oplopend, en vóór de laatste dag (Wmo 5.3.1)"
