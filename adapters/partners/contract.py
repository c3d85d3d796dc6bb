"""What every adapter owes, as tests that a partner runs over its own adapter and test register.

    class TestOurs(AdapterContract):
        def adapter(self): return adapter_for(…)
        def unreachable(self): return adapter_for(…)   # the same, over a register that is not there
        def examples(self): return Examples(known=…, unknown=…, two_fit=…, shielded=…, deceased=…)

The persons are invented and stand in the test register. Nothing of them is in a name or a message of a test.
"""

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from adapters.partners.adapter import NOT_DETERMINABLE, Adapter, Asked, Finding, RegisterUnavailable

_T = TypeVar("_T")


@dataclass(frozen=True)
class Examples:
    """One question each, all the same question, about five persons of the test register.

    - `known`: stands there once, with something that makes the answer positive; whole birth date, address;
      day and month differ.
    - `unknown`: is not there, and nobody like them is.
    - `two_fit`: two persons there could be meant.
    - `shielded`: stands there, shielded, with something that would make the answer positive.
    - `deceased`: stands there, deceased, with something that would make the answer positive.
    """

    known: Asked
    unknown: Asked
    two_fit: Asked
    shielded: Asked
    deceased: Asked


class AdapterContract:
    """The promises. Give it `adapter`, `unreachable` and `examples`."""

    def adapter(self) -> Adapter:
        raise NotImplementedError

    def unreachable(self) -> Adapter:
        raise NotImplementedError

    def examples(self) -> Examples:
        raise NotImplementedError

    def test_it_knows_whether_the_register_can_be_asked(self) -> None:
        async def looks() -> bool:
            adapter = self.unreachable()
            try:
                await adapter.verify()
            except RegisterUnavailable:
                return False
            finally:
                await adapter.close()
            return True

        self._run(lambda adapter: adapter.verify())
        _verify(not asyncio.run(looks()), "a register that is not there can be asked")

    def test_who_is_there_is_found_certainly(self) -> None:
        finding = self._one(self.examples().known)
        _verify(not finding.doubtful, "the known person is doubtful")
        _verify(
            finding.codes != self._one(self.examples().unknown).codes,
            "known and unknown give the same answer",
        )

    def test_who_is_not_there_gives_a_certain_negative(self) -> None:
        finding = self._one(self.examples().unknown)
        _verify(
            not finding.doubtful and NOT_DETERMINABLE not in finding.codes, "the unknown person is doubtful"
        )
        _verify(finding.valid_until is None, "a negative answer has an end date")

    def test_who_is_shielded_is_answered_as_if_not_there(self) -> None:
        shielded, unknown = self._one(self.examples().shielded), self._one(self.examples().unknown)
        _verify(shielded == unknown, "a shielded person can be told from one who is not there")

    def test_two_who_fit_go_to_a_person(self) -> None:
        self._goes_to_a_person(self.examples().two_fit)

    def test_who_is_deceased_goes_to_a_person(self) -> None:
        self._goes_to_a_person(self.examples().deceased)

    def test_another_age_than_was_asked_goes_to_a_person(self) -> None:
        known = self.examples().known
        other = "under_12" if known.age_band != "under_12" else "adult"
        self._goes_to_a_person(replace(known, age_band=other))

    def test_a_wrong_birth_day_at_the_right_address_is_no_certain_negative(self) -> None:
        known = self.examples().known
        day = known.identity.birth_date[8:]
        wrong = known.identity.birth_date[:8] + ("11" if day != "11" else "12")
        self._goes_to_a_person(replace(known, identity=replace(known.identity, birth_date=wrong)))

    def test_what_is_missing_never_makes_a_match_certain(self) -> None:
        identity = self.examples().known.identity
        for missing in (
            replace(identity, postcode="", house_number=""),
            replace(identity, given_names=""),
            replace(identity, birth_date=f"{identity.birth_date[:8]}00"),
            replace(identity, birth_date="0000-00-00"),
        ):
            self._goes_to_a_person(replace(self.examples().known, identity=missing))

    def test_case_and_diacritics_do_not_matter(self) -> None:
        known = self.examples().known
        apart = unicodedata.normalize("NFKD", known.identity.surname)
        plain = "".join(letter for letter in apart if not unicodedata.combining(letter)).upper()
        asked = replace(known, identity=replace(known.identity, surname=plain))
        _verify(self._one(asked) == self._one(known), "the way of writing changes the answer")

    def test_a_question_is_answered_the_same_alone_and_among_others(self) -> None:
        ex = self.examples()
        asked = [ex.known, ex.unknown, ex.two_fit, ex.shielded, ex.deceased] * 4
        together = self._run(lambda adapter: adapter.look_up(asked))
        _verify(
            together == [self._one(one) for one in asked], "other questions change an answer, or their order"
        )

    def test_every_question_that_it_names_can_be_answered(self) -> None:
        known = self.examples().known

        async def every(adapter: Adapter) -> None:
            asked = [replace(known, question=question) for question in sorted(adapter.questions)]
            _verify(len(await adapter.look_up(asked)) == len(asked) > 0, "a question got no finding")

        self._run(every)

    def test_a_question_that_is_not_its_own_goes_to_a_person_and_takes_no_answer_away(self) -> None:
        known = self.examples().known
        foreign = replace(known, question="nobody.known")
        findings = self._run(lambda adapter: adapter.look_up([foreign, known]))
        _verify(findings[0].doubtful and findings[0].codes == (NOT_DETERMINABLE,), "it was answered")
        _verify(findings[1:] == [self._one(known)], "another question changed the answer to its own")

    def test_many_inquiries_at_once_get_their_own_answers(self) -> None:
        ex = self.examples()

        async def many(adapter: Adapter) -> None:
            expected = [await adapter.look_up([ex.known]), await adapter.look_up([ex.unknown])]
            again = await asyncio.gather(*(adapter.look_up([one]) for one in [ex.known, ex.unknown] * 10))
            _verify(again == expected * 10, "inquiries at the same time change an answer")

        self._run(many)

    def test_a_register_that_is_not_there_is_an_error_that_shows_nothing(self) -> None:
        known = self.examples().known

        async def ask() -> str:
            adapter = self.unreachable()
            try:
                await adapter.look_up([known])
            except RegisterUnavailable as error:
                _verify(
                    error.__cause__ is None and error.__suppress_context__, "the error carries another one"
                )
                return str(error)
            finally:
                await adapter.close()
            raise AssertionError("a register that is not there gave an answer")

        text, values = asyncio.run(ask()), known.identity.as_json().values()
        _verify(not any(value in text for value in values if len(value) > 3), "the error shows a value")

    def _one(self, asked: Asked) -> Finding:
        return self._run(lambda adapter: adapter.look_up([asked]))[0]

    def _goes_to_a_person(self, asked: Asked) -> None:
        finding = self._one(asked)
        _verify(finding.doubtful and finding.valid_until is None, "this has to go to a person")
        _verify(finding.codes == (NOT_DETERMINABLE,), "a doubtful finding says something")

    def _run(self, act: Callable[[Adapter], Awaitable[_T]]) -> _T:
        async def within() -> _T:
            adapter = self.adapter()
            try:
                return await act(adapter)
            finally:
                await adapter.close()

        return asyncio.run(within())


def _verify(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
