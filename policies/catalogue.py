"""What the data of a release says, typed: questions, rules, reasons, articles, purposes, parameters.

Read strictly when a release is loaded; every reference between the parts is checked there, so that nobody
needs to check it again. Texts are looked up here by code, outside the engine.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal, TypeVar

from policies.errors import ReleaseError

_T = TypeVar("_T")

RuleMode = Literal["automatic", "human", "refuse"]


@dataclass(frozen=True)
class Named:
    """A code with its names."""

    code: str
    nl: str
    en: str


@dataclass(frozen=True)
class Fact(Named):
    """A field of an input. `may_change`: somebody could truthfully make it otherwise, by an act; the rest is
    as it is. `values`: names of values that have none elsewhere.
    """

    may_change: bool
    values: Mapping[str, Named]


@dataclass(frozen=True)
class Question:
    """One question. `flags`: the answer is a set of `flag_codes`, or one of the other codes."""

    code: str
    holder: str
    nl: str
    en: str
    answer_codes: tuple[str, ...]
    flag_codes: tuple[str, ...]
    desk: str | None

    @property
    def flags(self) -> bool:
        return bool(self.flag_codes)


@dataclass(frozen=True)
class Purpose(Named):
    """Why one may ask, and in which stages of a case."""

    stages: tuple[str, ...]
    acute_danger: bool


@dataclass(frozen=True)
class ReasonText:
    """What people read for a reason, a state or a refused document. A reason always has a way out."""

    code: str
    text_nl: str
    text_en: str
    way_out_nl: str | None
    way_out_en: str | None
    citations: tuple[str, ...]
    comes_from: tuple[str, ...]


@dataclass(frozen=True)
class LegalBasis:
    """A named set of articles, with the open questions of the hand-out's section 14. `gap`: what it leaves
    uncovered.
    """

    code: str
    articles: tuple[str, ...]
    open_questions: tuple[str, ...]
    gap: Named | None

    @property
    def text(self) -> str:
        return "; ".join(self.articles)


@dataclass(frozen=True)
class About:
    """What a row says of one subject role.

    `dual_role`: only when the dual role is motivated (C17); for a refusing row: not then.
    """

    ages: tuple[str, ...]
    dual_role: bool
    answer_codes: tuple[str, ...]
    obligations: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One row. `cells`: the (requester, question) pairs it speaks of. `legal_bases`: by requester. A refusing
    row gives a `reason`; one about what no question can ask (B05, B06) has no cells and no subjects.
    """

    code: str
    source: str
    status: str
    version: int
    valid_from: date
    reviewed_by: str | None
    reviewed_on: date | None
    mode: RuleMode
    cells: frozenset[tuple[str, str]]
    subjects: Mapping[str, About]
    reason: str | None
    purposes: tuple[str, ...]
    conditions: tuple[str, ...]
    legal_bases: Mapping[str, tuple[str, ...]]
    answer_codes: tuple[str, ...]
    desk: bool
    deadline: str | None
    obligations: tuple[str, ...]
    retention: tuple[str, ...]


@dataclass(frozen=True)
class Parameters:
    """Limits and clocks (hand-out section 2); a region may only tighten them."""

    melding_due_hours: int
    max_subjects_per_case: int
    max_repeats: int
    human_deadline_working_days: int
    human_deadline_working_days_before_meeting: int
    fast_deadline_hours: int
    police_lookback_years: int
    answer_fresh_days: int
    urgent_review_working_days: int
    meeting_warn_day: int
    meeting_late_day: int
    notice_days: int
    deferral_max_days: int
    notice_reminder_days: tuple[int, ...]
    fg_review_deferral: int
    fg_review_week: int


@dataclass(frozen=True)
class Narrowing:
    """What an arrondissement or region agreed for one row: refused, or by a person (`to`), without some
    answer codes, or with further conditions. Empty purposes, subjects or ages: all of them.
    """

    rule: str
    purposes: tuple[str, ...]
    subjects: tuple[str, ...]
    ages: tuple[str, ...]
    to: str | None
    answer_codes: tuple[str, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """A region, with the narrowings that hold in it: its arrondissement's and its own."""

    code: str
    nl: str
    arrondissement: str
    narrowings: tuple[Narrowing, ...]
    parameters: Parameters


@dataclass(frozen=True)
class Catalogue:
    """All of it. `vocabulary`: field of an input (`case.stage`) -> its closed list of values. `every_rule`:
    the conditions of every row, beside its own.
    """

    vocabulary: Mapping[str, tuple[str | bool, ...]]
    facts: Mapping[str, Fact]
    partners: Mapping[str, Named]
    questions: Mapping[str, Question]
    purposes: Mapping[str, Purpose]
    reasons: Mapping[str, ReasonText]
    states: Mapping[str, ReasonText]
    documents: Mapping[str, ReasonText]
    legal_bases: Mapping[str, LegalBasis]
    open_questions: Mapping[str, Named]
    obligations: Mapping[str, Named]
    transparency: Mapping[str, Named]
    retention: Mapping[str, Named]
    statuses: Mapping[str, Named]
    secrecy: Mapping[str, str]
    conditions: Mapping[str, Named]
    modes: Mapping[str, Named]
    requester_roles: Mapping[str, Named]
    subject_roles: Mapping[str, Named]
    age_bands: Mapping[str, Named]
    answer_codes: Mapping[str, Named]
    rules: Mapping[str, Rule]
    status: str
    asking_roles: Mapping[str, tuple[str, ...]]
    urgent_asking_roles: tuple[str, ...]
    every_rule: tuple[str, ...]
    every_permit: tuple[str, ...]
    by_mode: Mapping[str, tuple[str, ...]]
    parameters: Parameters
    regions: Mapping[str, Region]

    @property
    def areas(self) -> dict[str, tuple[str, ...]]:
        """Regions with the same narrowings, by the first of them. Those without any come first."""
        found: dict[tuple[Narrowing, ...], list[str]] = {}
        for region in sorted(self.regions.values(), key=lambda one: bool(one.narrowings)):
            found.setdefault(region.narrowings, []).append(region.code)
        return {codes[0]: tuple(codes) for codes in found.values()}

    def limits(self, region: str) -> Parameters:
        """The limits in this region: the national ones, or tighter. Those of an unknown region: national."""
        return self.regions[region].parameters if region in self.regions else self.parameters

    def permit_obligations(self, rule: Rule, about: About, mode: str) -> set[str]:
        """The least that a permit under this row must oblige to."""
        return {*self.every_permit, *rule.obligations, *about.obligations, *self.by_mode[mode]}

    def unsettled(self, legal_bases: Iterable[str]) -> tuple[Named, ...]:
        """The open legal questions on which these bases depend, each once."""
        codes = [code for basis in legal_bases for code in self.legal_bases[basis].open_questions]
        return tuple(self.open_questions[code] for code in dict.fromkeys(codes))

    def gaps(self, legal_bases: Iterable[str]) -> tuple[Named, ...]:
        """What these bases leave uncovered."""
        found = [self.legal_bases[basis].gap for basis in legal_bases]
        return tuple(gap for gap in found if gap is not None)

    def candidates(self, partner: str, question: str) -> tuple[Rule, ...]:
        """The rows that speak of this requester and question."""
        return tuple(rule for rule in self.rules.values() if (partner, question) in rule.cells)


def parse_catalogue(catalogue: object, matrix: object, parameters: object, regions: object) -> Catalogue:
    """The four data documents of a release, checked. Raises ReleaseError: the place and what is wrong."""
    texts, rows = _Node("catalogue", catalogue), _Node("matrix", matrix)
    limits = _parameters(_Node("parameters", parameters))
    cells: dict[str, set[tuple[str, str]]] = {}
    for partner in rows["cells"].children():
        for question in partner.children():
            for code in question.words():
                cells.setdefault(code, set()).add((partner.name, question.name))
    read = Catalogue(
        vocabulary={field.name: field.facts() for field in texts["vocabulary"].children()},
        facts=_each(texts["facts"], _fact),
        partners=_each(texts["partners"], _named),
        questions=_each(texts["questions"], _question),
        purposes=_each(texts["purposes"], _purpose),
        reasons=_each(texts["reasons"], _reason),
        states=_each(texts["states"], _reason),
        documents=_each(texts["documents"], _reason),
        legal_bases=_each(texts["legal_bases"], _legal_basis),
        open_questions=_each(texts["open_questions"], _named),
        obligations=_each(texts["obligations"], _named),
        transparency=_each(texts["transparency"], _named),
        retention=_each(texts["retention"], _named),
        statuses=_each(texts["statuses"], _named),
        secrecy=_each(texts["secrecy"], _Node.word),
        conditions=_each(texts["conditions"], _named),
        modes=_each(texts["modes"], _named),
        requester_roles=_each(texts["requester_roles"], _named),
        subject_roles=_each(texts["subject_roles"], _named),
        age_bands=_each(texts["age_bands"], _named),
        answer_codes=_each(texts["answer_codes"], _named),
        rules={row.name: _rule(row, frozenset(cells.pop(row.name, ()))) for row in rows["rules"].children()},
        status=rows["status"].word(),
        asking_roles=_each(rows["asking_roles"], _Node.words),
        urgent_asking_roles=rows["urgent_asking_roles"].words(),
        every_rule=rows["every_rule"].words(),
        every_permit=rows["every_permit"].words(),
        by_mode=_each(rows["by_mode"], _Node.words),
        parameters=limits,
        regions=_regions(_Node("regions", regions), limits),
    )
    _require(not cells, "matrix.cells", f"names rows that do not exist: {', '.join(sorted(cells))}")
    _verify_references(read)
    return read


def _verify_references(read: Catalogue) -> None:
    words = read.vocabulary
    for field, known in (
        ("requester.partner", read.partners),
        ("holder", read.partners),
        ("question", read.questions),
        ("purpose", read.purposes),
        ("requester.role", read.requester_roles),
        ("subject.role", read.subject_roles),
        ("subject.age_band", read.age_bands),
    ):
        _require(set(words.get(field, ())) == set(known), f"vocabulary.{field}", "differs from the catalogue")
    _require(set(read.facts) == set(words), "catalogue.facts", "does not name each fact")
    _require(
        set(read.asking_roles) == set(read.partners), "matrix.asking_roles", "does not name each partner"
    )
    _within(read.every_permit, read.obligations, "matrix.every_permit")
    _require(set(read.by_mode) == {"automatic", "human"}, "matrix.by_mode", "does not name both modes")
    _require(set(read.modes) == set(_RULE_MODES), "catalogue.modes", "does not name each mode")
    _within(read.every_rule, read.conditions, "matrix.every_rule")
    for condition in read.conditions:
        _require(
            any(condition in reason.comes_from for reason in read.reasons.values()),
            f"catalogue.conditions.{condition}",
            "is the source of no reason",
        )
    for reason in read.reasons.values():
        ways_out = bool(reason.way_out_nl and reason.way_out_en)
        _require(ways_out, f"catalogue.reasons.{reason.code}", "gives no way out")
    for basis in read.legal_bases.values():
        _within(basis.open_questions, read.open_questions, f"catalogue.legal_bases.{basis.code}")
    for question in read.questions.values():
        _within([question.holder], read.partners, question.code)
        _within(question.answer_codes, read.answer_codes, question.code)
    for purpose in read.purposes.values():
        _within(purpose.stages, words["case.stage"], purpose.code)
    for rule in read.rules.values():
        _verify_rule(rule, read)
    _require(
        set(words["case.region"]) == set(read.regions), "vocabulary.case.region", "differs from the regions"
    )
    for region in read.regions.values():
        for narrowing in region.narrowings:
            _verify_narrowing(narrowing, read, f"regions.{region.code}")
    for partner, code in {cell for rule in read.rules.values() for cell in rule.cells}:
        _within([partner], read.partners, "matrix.cells")
        roles = [
            role for rule in read.candidates(partner, code) if rule.mode != "refuse" for role in rule.subjects
        ]
        # Else which row applies would depend on their order.
        _require(
            len(roles) == len(set(roles)),
            f"matrix.cells.{partner}.{code}",
            "has two rows for one subject role",
        )


def _verify_rule(rule: Rule, read: Catalogue) -> None:
    place = f"matrix.rules.{rule.code}"
    _require(bool(rule.cells) or (rule.mode == "refuse" and not rule.subjects), place, "stands in no cell")
    _require(bool(rule.subjects) or not rule.cells, place, "speaks of nobody")
    _within([rule.status], read.statuses, place)
    reviewed = rule.reviewed_by is not None and rule.reviewed_on is not None
    _require(rule.status == "concept" or reviewed, place, "is not concept, but has no reviewer")
    _within(rule.subjects, read.vocabulary["subject.role"], place)
    for about in rule.subjects.values():
        _within(about.ages, read.vocabulary["subject.age_band"], place)
        _within(about.obligations, read.obligations, place)
        _within(about.answer_codes, rule.answer_codes, place)
    if rule.mode == "refuse":
        _within([rule.reason or "no reason"], read.reasons, place)
        return
    _require(bool(rule.purposes and rule.answer_codes), place, "lacks a purpose or answer codes")
    requesters = {partner for partner, _ in rule.cells}
    _require(rule.legal_bases.keys() == requesters, place, "has not a basis for each of its requesters")
    for bases in rule.legal_bases.values():
        _require(bool(bases), place, "lacks a basis")
        _within(bases, read.legal_bases, place)
    _require(
        not any("unknown" in about.ages for about in rule.subjects.values()), place, "permits an unknown age"
    )
    _require("third_person" not in rule.subjects, place, "speaks of a third person (C6, D07)")
    _within(rule.purposes, read.purposes, place)
    _within(rule.conditions, read.conditions.keys() - set(read.every_rule), place)
    _within(rule.obligations, read.obligations, place)
    _within(rule.retention, read.retention, place)
    _within([rule.deadline or ""], ("human_deadline", "fast_deadline"), place)
    for _, code in rule.cells:
        _within([code], read.questions, place)
        _within(rule.answer_codes, read.questions[code].answer_codes, place)


def _verify_narrowing(narrowing: Narrowing, read: Catalogue, place: str) -> None:
    """It speaks of a row that permits, and of what that row says; so it can only take something away."""
    rule = read.rules.get(narrowing.rule)
    if rule is None or rule.mode == "refuse":
        raise ReleaseError(f"{place} narrows a row that permits nothing.")
    _within(narrowing.purposes, rule.purposes, place)
    _within(narrowing.subjects, rule.subjects, place)
    _within(narrowing.ages, read.vocabulary["subject.age_band"], place)
    _within(narrowing.conditions, read.conditions.keys() - set(read.every_rule), place)
    _within(narrowing.answer_codes, rule.answer_codes, place)
    _within([narrowing.to or "human"], ("human", "refuse"), place)
    _require(bool(narrowing.to or narrowing.answer_codes or narrowing.conditions), place, "narrows nothing")
    gone = {
        code
        for one in read.regions[place.partition(".")[2]].narrowings
        if one.rule == rule.code
        for code in one.answer_codes
    }
    for about in rule.subjects.values():
        _require(not gone >= set(about.answer_codes), place, "leaves no answer: refuse the row instead")


class _Node:
    """A value in the data and where it stands, so that an error can name the place."""

    def __init__(self, place: str, value: object) -> None:
        self.place = place
        self.name = place
        self._value = value

    def __getitem__(self, key: str) -> "_Node":
        value = self._object()
        _require(key in value, self.place, f"has no {key!r}")
        return self._child(key, value[key])

    def children(self) -> "Iterable[_Node]":
        return [self._child(key, value) for key, value in self._object().items()]

    def items(self) -> "list[_Node]":
        return [self._child(str(number), one) for number, one in enumerate(self._list(dict))]

    def only(self, *keys: str) -> "_Node":
        extra = set(self._object()) - set(keys)
        _require(not extra, self.place, f"has unknown fields: {', '.join(sorted(extra))}")
        return self

    def has(self, key: str) -> bool:
        return key in self._object()

    def word(self) -> str:
        _require(isinstance(self._value, str) and bool(self._value), self.place, "is no text")
        return str(self._value)

    def word_or_none(self) -> str | None:
        return None if self._value is None else self.word()

    def absent(self) -> bool:
        return self._value is None

    def words(self) -> tuple[str, ...]:
        return tuple(str(word) for word in self._list(str))

    def facts(self) -> tuple[str | bool, ...]:
        return tuple(self._list(str | bool))

    def number(self) -> int:
        _require(type(self._value) is int and self._value > 0, self.place, "is no positive whole number")
        return int(str(self._value))

    def numbers(self) -> tuple[int, ...]:
        return tuple(self._list(int))

    def flag(self) -> bool:
        _require(isinstance(self._value, bool), self.place, "is neither true nor false")
        return self._value is True

    def day(self) -> date:
        try:
            return date.fromisoformat(self.word())
        except ValueError:
            raise ReleaseError(f"{self.place} is no date (YYYY-MM-DD).") from None

    def _child(self, key: str, value: object) -> "_Node":
        node = _Node(f"{self.place}.{key}", value)
        node.name = key
        return node

    def _object(self) -> Mapping[str, object]:
        if not isinstance(self._value, dict):
            raise ReleaseError(f"{self.place} is no object.")
        return self._value

    def _list(self, kind: Any) -> list[Any]:
        value = self._value
        if not isinstance(value, list) or not all(isinstance(one, kind) for one in value):
            raise ReleaseError(f"{self.place} is no list of the right kind.")
        _require(len({repr(one) for one in value}) == len(value), self.place, "names something twice")
        return value


def _require(holds: bool, place: str, problem: str) -> None:
    if not holds:
        raise ReleaseError(f"{place} {problem}.")


def _within(codes: Iterable[object], known: Container[object], place: str) -> None:
    unknown = [str(code) for code in codes if code not in known]
    _require(not unknown, place, f"has unknown codes: {', '.join(unknown)}")


def _each(node: _Node, read: Callable[[_Node], _T]) -> dict[str, _T]:
    return {child.name: read(child) for child in node.children()}


def _named(node: _Node) -> Named:
    node.only("nl", "en")
    return Named(node.name, node["nl"].word(), node["en"].word())


def _fact(node: _Node) -> Fact:
    node.only("nl", "en", "may_change", "values")
    values = _each(node["values"], _named) if node.has("values") else {}
    return Fact(node.name, node["nl"].word(), node["en"].word(), node["may_change"].flag(), values)


def _regions(node: _Node, national: Parameters) -> Mapping[str, Region]:
    node.only("source", "arrondissements", "regions")
    above = {
        one.name: tuple(_narrowing(each) for each in one.only("nl", "narrowings")["narrowings"].items())
        for one in node["arrondissements"].children()
    }
    found = {}
    for one in node["regions"].children():
        one.only("nl", "arrondissement", "veilig_thuis", "overleg_april_2020", "narrowings", "parameters")
        arrondissement = one["arrondissement"].word()
        _require(arrondissement in above, one.place, "is in no arrondissement")
        own = tuple(_narrowing(each) for each in one["narrowings"].items())
        found[one.name] = Region(
            one.name,
            one["nl"].word(),
            arrondissement,
            above[arrondissement] + own,
            _tightened(one["parameters"], national),
        )
    return found


def _narrowing(node: _Node) -> Narrowing:
    node.only("rule", "purposes", "subjects", "ages", "to", "answer_codes", "conditions")
    return Narrowing(
        rule=node["rule"].word(),
        purposes=node["purposes"].words(),
        subjects=node["subjects"].words(),
        ages=node["ages"].words(),
        to=node["to"].word_or_none(),
        answer_codes=node["answer_codes"].words(),
        conditions=node["conditions"].words(),
    )


_TIGHTENED = ("melding_due_hours", "max_subjects_per_case", "max_repeats", "answer_fresh_days")
"""Limits that a region may lower."""


def _tightened(node: _Node, national: Parameters) -> Parameters:
    node.only(*_TIGHTENED)
    lower: dict[str, Any] = {one.name: one.number() for one in node.children()}
    for name, value in lower.items():
        _require(0 < value <= getattr(national, name), f"{node.place}.{name}", "is looser than nationally")
    return replace(national, **lower)


def _question(node: _Node) -> Question:
    node.only("holder", "nl", "en", "answer_codes", "flags", "desk")
    _require(node.name.startswith(node["holder"].word() + "."), node.place, "does not begin with its holder")
    flags = node["flags"].words()
    return Question(
        code=node.name,
        holder=node["holder"].word(),
        nl=node["nl"].word(),
        en=node["en"].word(),
        answer_codes=(*node["answer_codes"].words(), *flags),
        flag_codes=flags,
        desk=node["desk"].word_or_none(),
    )


def _purpose(node: _Node) -> Purpose:
    node.only("nl", "en", "stages", "acute_danger")
    return Purpose(
        node.name, node["nl"].word(), node["en"].word(), node["stages"].words(), node["acute_danger"].flag()
    )


def _reason(node: _Node) -> ReasonText:
    node.only("text_nl", "text_en", "way_out_nl", "way_out_en", "citations", "from")
    _require(bool(node["citations"].words()), node.place, "cites nothing")
    return ReasonText(
        code=node.name,
        text_nl=node["text_nl"].word(),
        text_en=node["text_en"].word(),
        way_out_nl=node["way_out_nl"].word_or_none(),
        way_out_en=node["way_out_en"].word_or_none(),
        citations=node["citations"].words(),
        comes_from=node["from"].words(),
    )


def _legal_basis(node: _Node) -> LegalBasis:
    node.only("articles", "open_questions", "gap")
    _require(bool(node["articles"].words()), node.place, "names no article")
    return LegalBasis(
        code=node.name,
        articles=node["articles"].words(),
        open_questions=node["open_questions"].words(),
        gap=None if node["gap"].absent() else _named(node["gap"]),
    )


_EVERY_ROW = (
    "id",
    "source",
    "status",
    "version",
    "valid_from",
    "reviewed_by",
    "reviewed_on",
    "mode",
    "subjects",
)
_PERMITTING_ROW = (
    "purposes",
    "conditions",
    "legal_bases",
    "answer_codes",
    "desk",
    "deadline",
    "obligations",
    "retention",
)


def _rule(row: _Node, cells: frozenset[tuple[str, str]]) -> Rule:
    mode = row["mode"].word()
    refuses = mode == "refuse"
    row.only(*_EVERY_ROW, *(("reason",) if refuses else _PERMITTING_ROW))
    _require(row["id"].word() == row.name, row.place, "has another id than its key")
    codes = () if refuses else row["answer_codes"].words()
    return Rule(
        code=row.name,
        source=row["source"].word(),
        status=row["status"].word(),
        version=row["version"].number(),
        valid_from=row["valid_from"].day(),
        reviewed_by=row["reviewed_by"].word_or_none(),
        reviewed_on=None if row["reviewed_on"].word_or_none() is None else row["reviewed_on"].day(),
        mode=_mode(row["mode"]),
        cells=cells,
        subjects={about.name: _about(about, codes, refuses) for about in row["subjects"].children()},
        reason=row["reason"].word() if refuses else None,
        purposes=() if refuses else row["purposes"].words(),
        conditions=() if refuses else row["conditions"].words(),
        legal_bases={} if refuses else _each(row["legal_bases"], _Node.words),
        answer_codes=codes,
        desk=not refuses and row["desk"].flag(),
        deadline=None if refuses else row["deadline"].word(),
        obligations=() if refuses else row["obligations"].words(),
        retention=() if refuses else row["retention"].words(),
    )


def _mode(node: _Node) -> RuleMode:
    for mode in _RULE_MODES:
        if node.word() == mode:
            return mode
    raise ReleaseError(f"{node.place} is no mode.")


_RULE_MODES: tuple[RuleMode, ...] = ("automatic", "human", "refuse")


def _about(node: _Node, codes: tuple[str, ...], refuses: bool) -> About:
    if refuses:
        node.only("ages", "unless_dual_role")
        return About(node["ages"].words(), node["unless_dual_role"].flag(), (), ())
    node.only("ages", "dual_role", "answer_codes", "obligations")
    return About(
        ages=node["ages"].words(),
        dual_role=node["dual_role"].flag(),
        answer_codes=node["answer_codes"].words() if node.has("answer_codes") else codes,
        obligations=node["obligations"].words(),
    )


def _parameters(node: _Node) -> Parameters:
    names = [field.name for field in fields(Parameters)]
    node.only(*names)
    return Parameters(
        **{
            name: node[name].numbers() if name == "notice_reminder_days" else node[name].number()  # type: ignore[arg-type]
            for name in names
        }
    )
