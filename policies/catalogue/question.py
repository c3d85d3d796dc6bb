"""A question, as the catalogue has it."""

from dataclasses import dataclass

from policies.catalogue.strict import Codes, Row, Text


@dataclass(frozen=True)
class Question:
    """One question. `flags`: the answer is a set of `flag_codes`, or one of the other codes. `under_12`:
    whether any row may permit it about a child of that age (D08).
    """

    code: str
    holder: str
    nl: str
    en: str
    answer_codes: tuple[str, ...]
    flag_codes: tuple[str, ...]
    desk: str | None
    under_12: bool

    @property
    def flags(self) -> bool:
        return bool(self.flag_codes)


class QuestionRow(Row):
    code: str
    holder: Text
    nl: Text
    en: Text
    answer_codes: Codes
    flags: Codes
    desk: Text | None
    under_12: bool

    def question(self) -> Question:
        return Question(
            code=self.code,
            holder=self.holder,
            nl=self.nl,
            en=self.en,
            answer_codes=(*self.answer_codes, *self.flags),
            flag_codes=self.flags,
            desk=self.desk,
            under_12=self.under_12,
        )
