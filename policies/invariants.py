"""What must hold of every release, whatever its rows, limits and flags say. Each names its source.

What the law says of the kinds of partner that it names stands here, not in the release that is judged: a
flag of the data can only be stricter. Pure: no database, no web framework, no logger.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from policies.caps import CAPS, beyond
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
        of_gates(found),
        limits(parts.release.catalogue),
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

_BY_PERSON = {"politie", "om"}
"""Wpg 23(2), Wjsg 39f: a person decides each time."""

_NOT_ABOUT_VICTIMS = {"om", "reclassering"}
"""C17, D09: Reclasseringsregeling 8, Wjsg 39b(2)."""

_ADULTS_ONLY = {"reclassering"}
"""D08: Jeugdwet 3.2."""

_NOT_UNDER_12 = {"om", "reclassering"}
"""D08, with `politie.staff_safety_alert`."""

_ONLY_IN_DANGER = {"immediate_safety"}

_EVERY_PERMIT = frozenset(
    {
        "match_statutory_set",  # Wmo 5.2.9(5)
        "exclude_shielded",  # Bpg 2:12, 2:13, 4:5
        "not_determinable_if_deceased",
        "remind_of_secrecy",  # D20
        "no_onward_use",  # D20
        "inform_subject",  # Wmo 5.3.1; AVG 14; Wpg 24b
    }
)
_BY_A_PERSON_ONLY = frozenset(
    {"release_by_official", "prosecutor_agrees", "oral_only", "state_need_for_cooperation"}
)
_INFORMS = frozenset({"vt_informs", "avg_informs", "general_notice"})

GATES: tuple[tuple[str, str | bool, str], ...] = (
    ("case.kind", "anonymous", "case_anonymous"),
    ("case.melding", "none", "melding_missing"),
    ("case.melding", "overdue", "melding_overdue"),
    ("case.criteria", "relevance_only", "criterion_factors_missing"),
    ("case.criteria", "factors_only", "criterion_relevance_missing"),
    ("case.own_region", False, "outside_region"),
    ("requester.role", "case_holder", "requester_role_not_allowed"),
    ("requester.role", "confidential_doctor", "requester_role_not_allowed"),
    ("requester.role", "executor", "requester_role_not_allowed"),
    ("requester.role", "minute_taker", "requester_role_not_allowed"),
    ("requester.mandated", False, "requester_not_mandated"),
    ("requester.assigned", False, "requester_not_assigned"),
    ("subject.consent", "not_recorded", "consent_status_missing"),
    ("necessity.motivated", False, "necessity_missing"),
    ("necessity.subsidiarity", False, "subsidiarity_missing"),
    ("repetition.asked_before", True, "asked_before"),
    ("repetition.over_budget", True, "over_budget"),
    ("rule.in_force", False, "rule_not_in_force"),
)
"""What refuses everywhere, with its reason: C1, C2, C3, C4, C13, C15, C20 and the dates of rows."""


def _without(partners: Mapping[str, PartnerKind], may: Callable[[PartnerKind], bool], text: str) -> str:
    """Of whom the invariant speaks, and what it says of them."""
    names = ", ".join(partner.short for partner in partners.values() if not may(partner))
    return f"{names or 'Niemand'}: {text}"


def of_gates(found: Sequence[Change]) -> Invariant:
    """Each closed gate refuses every cell in every region, for its own reason and no other; and each absent
    fact refuses.
    """
    does = {(one.field, one.value): one for one in found}
    wrong = [
        f"{field} = {value}"
        for field, value, reason in GATES
        if (field, value) not in does
        or does[field, value].does != "refuses"
        or does[field, value].adds != ((reason,),)
    ]
    wrong += [
        f"{one.field} ontbreekt" for one in found if one.value is None and not one.does.startswith("refuses")
    ]
    return Invariant(
        "gates_refuse_everything",
        "Zonder melding, criteria, noodzaak, mandaat of ander vast vereiste wordt alles geweigerd (STD).",
        len(GATES),
        wrong[0] if wrong else None,
    )


def limits(catalogue: Catalogue) -> Invariant:
    return Invariant(
        "limits_within_the_law",
        "Termijnen en grenzen zijn niet ruimer dan de wet en de hand-out (Wmo 5.3.1; hand-out 2 en 11).",
        len(CAPS) * (1 + len(catalogue.regions)),
        next(beyond(catalogue), None),
    )


def _checks(catalogue: Catalogue) -> dict[str, tuple[str, CellCheck]]:
    rules, partners = catalogue.rules, catalogue.partners
    marked = {code for code, duty in catalogue.obligations.items() if duty.by_person} | _BY_A_PERSON_ONLY

    def by_machine(kind: PartnerKind) -> bool:
        return kind.answers_by_machine and kind.code not in _BY_PERSON

    def about_victims(kind: PartnerKind) -> bool:
        return kind.about_victims and kind.code not in _NOT_ABOUT_VICTIMS

    def about_minors(kind: PartnerKind) -> bool:
        return kind.about_minors and kind.code not in _ADULTS_ONLY

    def about_under_12(cell: Cell) -> bool:
        question = str(cell.at["question"])
        pinned = cell.holder in _NOT_UNDER_12 or question == "politie.staff_safety_alert"
        return catalogue.questions[question].under_12 and not pinned

    def duties_of(cell: Cell) -> frozenset[str]:
        """What a permit in this cell must oblige to, whatever the release says."""
        owed = set(_EVERY_PERMIT)
        if cell.at["case.urgency"] == "acute_danger":
            owed.add("review_urgent_use")  # C9, D05
        if cell.holder == "om":
            owed.add("prosecutor_agrees")  # C16
        return frozenset(owed)

    def within_its_row(cell: Cell, one: Decision) -> bool:
        rule = rules.get(one.rule or "")
        return rule is not None and bool(
            one.legal_bases
            and one.mode
            and cell.at["purpose"] in rule.purposes
            and set(one.answer_codes) <= set(rule.answer_codes)
            and (one.mode == "human" or cell.at["purpose"] not in rule.by_hand_for)
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
                about_victims,
                "niet over een slachtoffer, of met uitleg door een mens (C17, D09).",
            ),
            lambda cell, one: (
                not (
                    one.permitted
                    and cell.at["subject.role"] == "victim"
                    and not about_victims(partners[cell.holder])
                    and not (cell.at["subject.dual_role"] and one.mode == "human")
                )
            ),
        ),
        "minors_at_reclassering": (
            _without(partners, about_minors, "niet over minderjarigen (D08)."),
            lambda cell, one: (
                not (
                    one.permitted
                    and not about_minors(partners[cell.holder])
                    and cell.at["subject.age_band"] != "adult"
                )
            ),
        ),
        "under_12": (
            "Over een kind onder de 12: alleen wat daarvoor is aangewezen (D08).",
            lambda cell, one: (
                not (one.permitted and cell.at["subject.age_band"] == "under_12") or about_under_12(cell)
            ),
        ),
        "police_and_prosecution_by_hand": (
            _without(
                partners,
                by_machine,
                "nooit automatisch antwoord (Wpg 23(2); Wjsg 39f).",
            ),
            lambda cell, one: not (one.mode == "automatic" and not by_machine(partners[cell.holder])),
        ),
        "zvh_by_hand": (
            "In een Zorg- en Veiligheidshuis is geen antwoord automatisch (D18).",
            lambda cell, one: not (one.mode == "automatic" and cell.at["case.regime"] == "zvh"),
        ),
        "by_a_person_only": (
            "Wat alleen een mens kan doen, is nooit deel van een automatisch antwoord (C10, C16).",
            lambda _, one: not (one.mode == "automatic" and marked.intersection(one.obligations)),
        ),
        "released_by_an_official": (
            "Wat een mens beantwoordt, geeft een bevoegde medewerker vrij (C10).",
            lambda _, one: one.mode != "human" or "release_by_official" in one.obligations,
        ),
        "duties_of_each_permit": (
            "Elke vrijgave verplicht tot afschermen, geheimhouding en informeren (STD, C9, C16, D20).",
            lambda cell, one: not one.permitted or duties_of(cell) <= set(one.obligations),
        ),
        "told_and_recorded": (
            "Elke vrijgave zegt wie de betrokkene informeert; elk besluit wordt bewaard (T1-T4, K1).",
            lambda _, one: (
                "audit_record" in one.retention
                and (
                    not one.permitted
                    or (
                        "holder_records" in one.transparency and bool(_INFORMS.intersection(one.transparency))
                    )
                )
            ),
        ),
        "no_answer_at_the_broker": (
            "Een antwoord blijft niet bij de gateway; wat mondeling is, wordt nergens bewaard (K0).",
            lambda _, one: (
                not one.permitted
                or ("oral_only" in one.obligations and one.retention == ("audit_record",))
                or "no_answer_at_broker" in one.retention
            ),
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
                    and (
                        cell.at["purpose"] in _ONLY_IN_DANGER
                        or catalogue.purposes[str(cell.at["purpose"])].acute_danger
                    )
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
