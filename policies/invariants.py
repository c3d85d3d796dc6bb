"""What must hold in every cell of every release, whatever the rows say. Each names its source.

Pure: no database, no web framework, no logger.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from policies.catalogue import Catalogue, PartnerKind
from policies.engine import Decision
from policies.gates import Change, situations
from policies.parts import Parts
from policies.table import DIMENSIONS, NO_GATES, Cell, Table


@dataclass(frozen=True)
class Invariant:
    """Whether it holds, over how many cells it was looked at, and one cell in which it does not."""

    name: str
    text: str
    cells: int
    broken: str | None

    @property
    def holds(self) -> bool:
        return self.broken is None


def invariants(parts: Parts, table: Table, found: list[Change]) -> list[Invariant]:
    """All of them. Raises PolicyUnavailable."""
    return [
        *of_cells(parts.release.catalogue, table),
        _without_a_dimension(parts),
        Invariant(
            "withdrawn_fact",
            "Een feit dat vervalt of ontbreekt, staat nooit meer toe.",
            sum(change.situations for change in found),
            next((f"{one.field} = {one.value}" for one in found if one.does == "widens"), None),
        ),
    ]


def of_cells(catalogue: Catalogue, table: Table) -> list[Invariant]:
    """Those that the table alone shows."""
    held = [_in_each_cell(name, text, table, check) for name, (text, check) in _checks(catalogue).items()]
    return [*held, _less_urgency(table)]


CellCheck = Callable[[Cell, Decision], bool]


def _without(partners: Mapping[str, PartnerKind], may: Callable[[PartnerKind], bool], text: str) -> str:
    """Of whom the invariant speaks, and what it says of them."""
    names = ", ".join(partner.short for partner in partners.values() if not may(partner))
    return f"{names or 'Niemand'}: {text}"


def _checks(catalogue: Catalogue) -> dict[str, tuple[str, CellCheck]]:
    rules, partners = catalogue.rules, catalogue.partners

    def within_its_row(cell: Cell, one: Decision) -> bool:
        rule = rules.get(one.rule or "")
        return rule is not None and bool(
            one.legal_bases
            and one.mode
            and cell.at["purpose"] in rule.purposes
            and set(one.answer_codes) <= set(rule.answer_codes)
        )

    return {
        "refusal_says_why": (
            "Elke weigering noemt een reden met een bron.",
            lambda _, one: one.permitted or (bool(one.reasons) and all(why.citations for why in one.reasons)),
        ),
        "permit_within_row": (
            "Elke vrijgave heeft een regel, een grondslag, een doel en antwoorden van die regel.",
            lambda cell, one: not one.permitted or within_its_row(cell, one),
        ),
        "never_third_persons": (
            "Over een derde wordt niets gevraagd (C6, D07).",
            lambda cell, one: not (one.permitted and cell.at["subject.role"] == "third_person"),
        ),
        "never_unknown_age": (
            "Wie geen leeftijdsgroep heeft, over diegene wordt niets gevraagd (C7).",
            lambda cell, one: not (one.permitted and cell.at["subject.age_band"] == "unknown"),
        ),
        "victims": (
            _without(
                partners,
                lambda one: one.about_victims,
                "niet over een slachtoffer, of met uitleg door een mens (C17, D09).",
            ),
            lambda cell, one: (
                not (
                    one.permitted
                    and cell.at["subject.role"] == "victim"
                    and not partners[cell.holder].about_victims
                    and not (cell.at["subject.dual_role"] and one.mode == "human")
                )
            ),
        ),
        "minors_at_reclassering": (
            _without(partners, lambda one: one.about_minors, "niet over minderjarigen (D08)."),
            lambda cell, one: (
                not (
                    one.permitted
                    and not partners[cell.holder].about_minors
                    and cell.at["subject.age_band"] != "adult"
                )
            ),
        ),
        "under_12": (
            "Over een kind onder de 12: alleen wat daarvoor is aangewezen (D08).",
            lambda cell, one: (
                not (one.permitted and cell.at["subject.age_band"] == "under_12")
                or catalogue.questions[str(cell.at["question"])].under_12
            ),
        ),
        "police_and_prosecution_by_hand": (
            _without(
                partners,
                lambda one: one.answers_by_machine,
                "nooit automatisch antwoord (Wpg 23(2); Wjsg 39f).",
            ),
            lambda cell, one: not (one.mode == "automatic" and not partners[cell.holder].answers_by_machine),
        ),
        "zvh_by_hand": (
            "In een Zorg- en Veiligheidshuis is geen antwoord automatisch (D18).",
            lambda cell, one: not (one.mode == "automatic" and cell.at["case.regime"] == "zvh"),
        ),
        "closed_case": (
            "In een gesloten casus wordt niets gevraagd (D16).",
            lambda cell, one: not (one.permitted and cell.at["case.stage"] == "closed"),
        ),
        "danger_only_in_danger": (
            "Het doel directe veiligheid geldt alleen bij acuut gevaar (P4).",
            lambda cell, one: (
                not (
                    one.permitted
                    and catalogue.purposes[str(cell.at["purpose"])].acute_danger
                    and cell.at["case.urgency"] != "acute_danger"
                )
            ),
        ),
    }


def _in_each_cell(name: str, text: str, table: Table, check: CellCheck) -> Invariant:
    broken = next((str(cell) for cell, one in table.decisions.items() if not check(cell, one)), None)
    return Invariant(name, text, len(table.decisions), broken)


def _less_urgency(table: Table) -> Invariant:
    place = DIMENSIONS.index("case.urgency")
    broken, looked = None, 0
    for cell, one in table.decisions.items():
        if cell[place] != "normal" or not one.permitted:
            continue
        looked += 1
        urgent = table.decisions[Cell((*cell[:place], "acute_danger", *cell[place + 1 :]))]
        same = (urgent.rule, urgent.mode, urgent.answer_codes) == (one.rule, one.mode, one.answer_codes)
        if not (urgent.permitted and same):
            broken = broken or str(cell)
    return Invariant("less_urgency", "Minder spoed staat nooit meer toe.", looked, broken)


def _without_a_dimension(parts: Parts) -> Invariant:
    """Every cell with one of its dimensions left out."""
    broken, looked = None, 0
    for met in situations(parts, NO_GATES, own=False).values():
        rows, decided = met.with_value(parts, None)
        looked += len(rows)
        permitted = (row for row, one in zip(rows, decided, strict=True) if one.permitted)
        broken = broken or next(permitted, None)
    return Invariant(
        "unknown_is_refused",
        "Zonder vrager, houder, vraag, doel, rol, leeftijd, spoed, regime, regio of fase mag niets.",
        looked,
        None if broken is None else " ".join(str(value) for value in broken),
    )
