"""The limits and clocks of the hand-out."""

from pydantic.dataclasses import dataclass

from policies.catalogue.strict import STRICT, Count, Counts


@dataclass(frozen=True, config=STRICT)
class Parameters:
    """Limits and clocks (hand-out section 2); a region may only tighten them."""

    melding_due_hours: Count
    max_subjects_per_case: Count
    max_repeats: Count
    human_deadline_working_days: Count
    human_deadline_working_days_before_meeting: Count
    fast_deadline_hours: Count
    police_lookback_years: Count
    answer_fresh_days: Count
    urgent_review_working_days: Count
    notice_days: Count
    deferral_max_days: Count
    notice_reminder_days: Counts
    fg_review_deferral: Count
    fg_review_week: Count
