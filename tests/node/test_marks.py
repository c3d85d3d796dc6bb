"""Who a holder's list of own staff and well-known persons may mean."""

from pathlib import Path

import pytest

from adapters.node.answering.marks import Marks, MarksError, read_marks
from contract.identity import Identity

LISTED = Marks.of(
    [
        Identity("Voorbeeld", "Anna Maria", "1984-05-06", prefix="van", partner_surname="Proefsma"),
        Identity("Onbekendsma", "", "0000-00-00"),
    ]
)


@pytest.mark.parametrize(
    "identity",
    [
        Identity("Voorbeeld", "Anna", "1984-05-06"),
        Identity("van Voorbeelt", "A.", "1984-00-00"),
        Identity("Proefsma", "", "0000-00-00"),
        Identity("Proefsma-Voorbeeld", "Anna", "1984-06-05"),
        Identity("Onbekendsma", "Piet", "1990-01-01"),
    ],
)
def test_whoever_resembles_somebody_on_the_list_is_taken_for_them(identity: Identity) -> None:
    """Other spellings, one of two surnames, a birth date that is not known or not right."""
    assert LISTED.may_be(identity)


@pytest.mark.parametrize(
    "identity",
    [Identity("Voorbeeld", "Anna Maria", "1985-05-06"), Identity("Anders", "Anna Maria", "1984-05-06")],
)
def test_who_was_born_in_another_year_or_is_called_otherwise_is_not_meant(identity: Identity) -> None:
    assert not LISTED.may_be(identity)
    assert not Marks().may_be(identity)


HEAD = "surname,given_names,birth_date,prefix,partner_surname"


def test_a_list_is_read_strictly_and_tells_nobody_who_is_on_it(tmp_path: Path) -> None:
    path = tmp_path / "marked.csv"
    path.write_text(f"{HEAD}\nVoorbeeld,Anna,1984-05-06,van,\n", encoding="utf-8")
    read = read_marks(path)
    assert read.may_be(Identity("Voorbeeld", "Anna", "1984-00-00"))
    assert "oorbeeld" not in repr(read)
    for text in ("surname,birth_date\nVoorbeeld,1984-05-06\n", f"{HEAD}\nVoorbeeld,Anna,06-05-1984,,\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(MarksError) as wrong:
            read_marks(path)
        assert "Voorbeeld" not in str(wrong.value)
    with pytest.raises(MarksError):
        read_marks(tmp_path / "nowhere.csv")
