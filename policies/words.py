"""Rows and decisions of the hand-out in plain words, in Dutch or in English."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from policies.catalogue import Catalogue, Named, Region, Rule
from policies.compare import Flip, KindOfChange
from policies.engine import Decision
from policies.explain import Explanation
from policies.gates import Change
from policies.replay import Replay, WhyLeftOut
from policies.table import Table

_WRITTEN = frozenset(
    {
        "necessity.motivated",
        "necessity.subsidiarity",
        "necessity.weighty_and_urgent",
        "repetition.new_reason",
    }
)
"""Facts that say whether somebody wrote something, not whether it holds."""


class Words:
    """What a release says, for people; codes only where people use them too (a row, an article, Q1)."""

    def __init__(self, catalogue: Catalogue, *, dutch: bool) -> None:
        self._catalogue = catalogue
        self._dutch = dutch

    def status(self) -> str:
        """Whether a lawyer has reviewed this version of the hand-out."""
        return self._line(
            "hand-out", "hand-out", self._named(self._catalogue.statuses, self._catalogue.status)
        )

    def question(self, code: str) -> str:
        """The question itself; empty for a code that the hand-out does not know."""
        known = self._catalogue.questions.get(code)
        return "" if known is None else self._either(known.nl, known.en)

    def every_rule(self) -> Iterator[str]:
        """What holds for each row that permits, so that no row repeats it."""
        catalogue = self._catalogue
        yield self._either("Voor elke regel die iets toestaat, is nodig:", "Each rule that permits needs:")
        for code in catalogue.every_rule:
            yield f"- {self._one(catalogue.conditions[code])}"
        yield self._either("En is verplicht:", "And obliges:")
        for code in catalogue.every_permit:
            yield f"- {self._one(catalogue.obligations[code])}"
        yield self._either("Wie mag vragen:", "Who may ask:")
        for partner, roles in catalogue.asking_roles.items():
            names = self._names(catalogue.requester_roles, roles, ", ")
            yield f"- {self._one(catalogue.partners[partner])}: {names}"
        urgent = self._names(catalogue.requester_roles, catalogue.urgent_asking_roles, ", ")
        yield self._line("- bij acuut gevaar ook", "- in acute danger also", urgent)

    def open_questions(self) -> Iterator[str]:
        """All that a lawyer has still to answer, also where no basis depends on it."""
        for question in self._catalogue.open_questions.values():
            yield f"{question.code}: {self._one(question)}"

    def rule(self, rule: Rule) -> Iterator[str]:
        """One row, line by line."""
        catalogue = self._catalogue
        for partner in [code for code in catalogue.partners if any(code == by for by, _ in rule.cells)]:
            asked = [code for code in catalogue.questions if (partner, code) in rule.cells]
            holders = dict.fromkeys(catalogue.questions[code].holder for code in asked)
            verb = self._either("vraagt", "asks")
            yield (
                f"{self._one(catalogue.partners[partner])} {verb} "
                f"{self._names(catalogue.partners, holders)}: {' '.join(map(self.question, asked))}"
            )
        for role in rule.subjects:
            yield self._line("over", "about", self._about(rule, role))
        if rule.reason is not None:
            reason = catalogue.reasons[rule.reason]
            yield self._line("nooit", "never", self._either(reason.text_nl, reason.text_en))
            yield self._line("artikel", "article", "; ".join(reason.citations))
            way_out = self._either(reason.way_out_nl, reason.way_out_en)
            yield self._line("wat wel kan", "way out", way_out)
        else:
            yield from self._permitting(rule)
        yield self._line("toetsing", "review", self._review(rule))

    def regions(self) -> Iterator[str]:
        """What arrondissements and regions agreed to narrow."""
        for region in self._catalogue.regions.values():
            yield from self.narrowings(region)

    def narrowings(self, region: Region) -> Iterator[str]:
        """What holds in one region, its arrondissement's included."""
        catalogue = self._catalogue
        for one in region.narrowings:
            what = {
                "refuse": self._either("mag hier niet", "refused here"),
                "human": self._either("hier door een mens", "by a person here"),
            }.get(one.to or "", self._either("hier strenger", "narrowed here"))
            about = [
                self._in_order(catalogue.purposes, one.purposes),
                self._in_order(catalogue.subject_roles, one.subjects),
                self._in_order(catalogue.age_bands, one.ages),
            ]
            if one.answer_codes:
                codes = self._names(catalogue.answer_codes, one.answer_codes)
                about.append(self._line("zonder", "without", codes))
            if one.conditions:
                about.append(
                    self._line("ook nodig", "also needs", self._names(catalogue.conditions, one.conditions))
                )
            told = "; ".join(each for each in about if each)
            yield f"{region.nl}: {one.rule} {what}{f' ({told})' if told else ''}"

    def basis(self, code: str) -> Iterator[str]:
        """One legal basis, with what a lawyer has still to answer."""
        yield from self._bases([code])

    def decision(self, decision: Decision) -> Iterator[str]:
        """One decision, line by line: what is given and on which basis, or why not and what to do."""
        catalogue = self._catalogue
        effect = {
            "permit": self._either("vrijgave", "permit"),
            "refusal": self._either("weigering", "refusal"),
        }[decision.effect]
        rule = decision.rule or self._no_rule()
        yield f"{effect} · {rule} · {self._one(catalogue.statuses[decision.status])}"
        for reason in decision.reasons:
            text = catalogue.reasons[reason.code]
            yield f"- {self._either(text.text_nl, text.text_en)} [{'; '.join(reason.citations)}]"
            yield f"  → {self._either(text.way_out_nl, text.way_out_en)}"
        if decision.mode is None:
            return
        yield self._line("wijze", "mode", self._one(catalogue.modes[decision.mode]))
        yield self._line("termijn voor een mens", "time for a person", self._term(decision.deadline))
        yield self._line("antwoord", "answer", self._answers(decision.answer_codes, desk=decision.desk))
        yield from self._bases(decision.legal_bases)
        yield self._line("verplicht", "obligations", self._names(catalogue.obligations, decision.obligations))
        days = catalogue.parameters.notice_days
        when = self._either(
            f"uiterlijk {days} dagen na de vraag, of met een reden en een datum later",
            f"{days} days after the question at the latest, or later with a ground and a date",
        )
        who = self._names(catalogue.transparency, decision.transparency)
        yield self._line("informeren", "informing", f"{who}; {when}")

    def explanation(self, found: Explanation) -> Iterator[str]:
        """What was asked, what came of it and why, what counted, and what would have made it otherwise."""
        facts, catalogue = found.facts, self._catalogue
        asker, holder, code = (str(facts[name]) for name in ("requester.partner", "holder", "question"))
        verb = self._either("vraagt", "asks")
        asked = f"{self._named(catalogue.partners, asker)} {verb} {self._named(catalogue.partners, holder)}"
        yield f"{asked}: {self.question(code) or code}"
        yield from self.decision(found.decision)
        if not found.decision.permitted:
            yield from self._asked_about(asker, code, str(facts["subject.role"]))
        yield self._either("Dit telde mee:", "This counted:")
        for field in found.counted:
            yield f"- {self.fact(field, facts[field])}"
        if found.filled_in:
            yield self._either(
                "Dit moest zijn ingevuld; wat er stond, telde niet mee:",
                "This had to be filled in; what it said did not count:",
            )
        for field in found.filled_in:
            yield f"- {self.fact(field, facts[field])}"
        if not found.changes:
            yield self._either(
                "Ook met een paar andere feiten had het niet gemogen.",
                "With a few other facts it would not have been permitted either.",
            )
            return
        yield self._either(
            "Het had niet gemogen bij:" if found.decision.permitted else "Het had gemogen als het zo wás:",
            "It would not have been permitted with:"
            if found.decision.permitted
            else "It would have been permitted if it were so:",
        )
        also, other = self._either(" en ", " and "), self._either(" of ", " or ")
        for first, alike in itertools.groupby(found.changes, lambda change: (change[:-1], change[-1][0])):
            before, field = first
            parts = [self.fact(*one) for one in before]
            told = [self._value(field, change[-1][1]) for change in alike]
            parts.append(f"{self._one(catalogue.facts[field])}: {other.join(told)}")
            fixed = any(not catalogue.facts[name].may_change for name in (*dict(before), field))
            note = self._either(" (dit ligt vast)", " (this is as it is)") if fixed else ""
            yield f"- {also.join(parts)}{note}"

    def _asked_about(self, asker: str, question: str, role: str) -> Iterator[str]:
        """Of a refusal: whom each row about this requester and question does speak of, and whether about
        this role at all.
        """
        catalogue = self._catalogue
        rows = [rule for rule in catalogue.candidates(asker, question) if rule.reason is None]
        for rule in rows:
            for known in rule.subjects:
                about = self._about(rule, known)
                yield self._line(f"{rule.code} gaat over", f"{rule.code} is about", about)
        if rows and not any(role in rule.subjects for rule in rows):
            yield self._line("nooit over", "never about", self._named(catalogue.subject_roles, role))

    def replay(self, found: Replay) -> Iterator[str]:
        """What a new release would have answered otherwise, and what is not as it was decided."""
        yield self.status()
        yield self._line("onder", "under", found.new)
        yield self._either(
            f"{found.decisions} beslissingen: {found.alike} hetzelfde, {found.differing} anders, "
            f"{found.not_replayed} niet opnieuw beslist",
            f"{found.decisions} decisions: {found.alike} alike, {found.differing} otherwise, "
            f"{found.not_replayed} not decided again",
        )
        for why, count in found.left_out.items():
            yield f"- {count} × {self._either(*_LEFT_OUT[why])}"
        for one in found.otherwise:
            partner = self._named(self._catalogue.partners, one.requester)
            kind = self._either(*_OTHERWISE[one.kind])
            yield (
                f"- {len(one.positions)} × {kind}: {partner}, {self.question(one.question) or one.question} "
                f"({one.rule or self._no_rule()}; {self._line('spoor', 'trail', _places(one.positions))})"
            )
        for revision, count in found.unknown.items():
            yield self._either(
                f"{count} onder een versie die hier niet is, niet vergeleken met zichzelf: {revision}",
                f"{count} under a release that is not here, not compared with itself: {revision}",
            )
        if found.alarms:
            yield self._either(
                f"ALARM: {len(found.alarms)} beslissingen zijn niet wat hun eigen versie geeft: "
                f"spoor {_places(found.alarms)}. Meld dit aan de FG en bewaar de database.",
                f"ALARM: {len(found.alarms)} decisions are not what their own release gives: "
                f"trail {_places(found.alarms)}. Tell the data protection officer, and keep the database.",
            )

    def fact(self, field: str, value: str | bool | None) -> str:
        """One fact of an input, such as "vrager heeft mandaat: nee"."""
        return f"{self._one(self._catalogue.facts[field])}: {self._value(field, value)}"

    def _value(self, field: str, value: str | bool | None) -> str:
        fact, catalogue = self._catalogue.facts[field], self._catalogue
        names: Mapping[str, Named] = {
            "requester.partner": catalogue.partners,
            "requester.role": catalogue.requester_roles,
            "holder": catalogue.partners,
            "purpose": catalogue.purposes,
            "subject.role": catalogue.subject_roles,
            "subject.age_band": catalogue.age_bands,
        }.get(field, fact.values)
        if value is None:
            told = self._either("ontbreekt", "absent")
        elif isinstance(value, bool) and field in _WRITTEN:  # a machine sees that it is there, and no more
            filled = self._either("ingevuld, niet gewogen", "filled in, not weighed")
            told = filled if value else self._either("niet ingevuld", "not filled in")
        elif isinstance(value, bool):
            told = self._either("ja", "yes") if value else self._either("nee", "no")
        else:
            told = self._named(names, value)
        if field == "question":
            told = self.question(str(value)) or told
        if field == "case.region" and value in catalogue.regions:
            told = catalogue.regions[str(value)].nl
        return told

    def table(self, table: Table) -> Iterator[str]:
        """Per requester, holder, question and purpose: by machine, by a person or never, and about whom."""
        yield self.status()
        catalogue = self._catalogue
        permits: dict[tuple[str, str, str], list[tuple[Mapping[str, str | bool], Decision]]] = {}
        for cell, decision in table.decisions.items():
            if decision.permitted:
                at = cell.at
                key = str(at["requester.partner"]), str(at["question"]), str(at["purpose"])
                permits.setdefault(key, []).append((at, decision))
        for partner, question in itertools.product(catalogue.partners, catalogue.questions):
            asks = (
                f"{self._named(catalogue.partners, partner)} {self._either('vraagt', 'asks')} "
                f"{self._named(catalogue.partners, catalogue.questions[question].holder)}: "
                f"{self.question(question)}"
            )
            never = [code for code in catalogue.purposes if (partner, question, code) not in permits]
            if len(never) == len(catalogue.purposes):
                rows = [rule.code for rule in catalogue.candidates(partner, question)]
                yield f"{asks} – {self._either('nooit', 'never')} ({', '.join(rows) or self._no_rule()})"
                continue
            yield asks
            for purpose in catalogue.purposes:
                for line in self._for_purpose(permits.get((partner, question, purpose), [])):
                    yield f"  {self._named(catalogue.purposes, purpose)}: {line}"
            yield f"  {self._either('nooit voor', 'never for')}: {self._in_order(catalogue.purposes, never)}"

    def _for_purpose(self, permits: Iterable[tuple[Mapping[str, str | bool], Decision]]) -> Iterator[str]:
        """One line for each mode, row and condition: about whom."""
        best: dict[tuple[str, str], tuple[str, str, bool, bool]] = {}
        for at, decision in permits:
            whom = str(at["subject.role"]), str(at["subject.age_band"])
            given = (
                str(decision.mode),
                str(decision.rule),
                at["subject.dual_role"] is True,
                at["case.urgency"] == "acute_danger",
            )
            best[whom] = min(best.get(whom, given), given)  # by machine, without a condition, if that can be
        groups: dict[tuple[str, str, bool, bool], dict[str, list[str]]] = {}
        for (role, age), given in best.items():
            groups.setdefault(given, {}).setdefault(role, []).append(age)
        for (mode, rule, dual_role, urgent), roles in groups.items():
            only = [
                self._either("alleen als dit ook een vermoedelijke pleger is", "only if also a suspect")
            ] * dual_role + [self._either("alleen bij acuut gevaar", "only in acute danger")] * urgent
            about = [
                f"{self._named(self._catalogue.subject_roles, role)} "
                f"({self._in_order(self._catalogue.age_bands, ages)})"
                for role, ages in roles.items()
            ]
            mode_text = self._one(self._catalogue.modes[mode])
            yield f"{'; '.join([mode_text, *only])} – {'; '.join(about)} ({rule})"

    def change(self, change: Change) -> str:
        """What another value of one fact does, over the whole space."""
        texts = {
            "refuses": self._either("weigert altijd", "always refuses"),
            "refuses some": self._either("weigert soms", "refuses sometimes"),
            "narrows": self._either("maakt strenger", "narrows"),
            "nothing": self._either("verandert niets", "changes nothing"),
            "widens": self._either("VERRUIMT", "WIDENS"),
        }
        reasons = self._catalogue.reasons
        adds = " / ".join(
            " ".join(self._either(reasons[code].text_nl, reasons[code].text_en) for code in codes)
            for codes in change.adds
            if codes
        )
        told = self.fact(change.field, change.value)
        return f"{told} – {texts[change.does]}{f' ({adds})' if adds else ''}"

    def flip(self, flip: Flip) -> Iterator[str]:
        """One change between two releases, as an officer would say it."""
        catalogue = self._catalogue
        requester, holder = (
            self._named(catalogue.partners, flip.requester),
            self._named(catalogue.partners, flip.holder),
        )
        question = self.question(flip.question) or flip.question
        nl, en = {
            "allowed": (
                f"{requester} mag {holder} voortaan ook vragen: {question}",
                f"{requester} may from now on also ask {holder}: {question}",
            ),
            "refused": (
                f"{requester} mag {holder} niet meer vragen: {question}",
                f"{requester} may no longer ask {holder}: {question}",
            ),
            "by_machine": (
                f"{holder} mag voortaan automatisch antwoorden op: {question}",
                f"{holder} may from now on answer by machine: {question}",
            ),
            "by_hand": (
                f"Bij {holder} antwoordt voortaan een mens op: {question}",
                f"At {holder} a person answers from now on: {question}",
            ),
        }.get(
            flip.kind, (f"{requester} vraagt {holder}: {question}", f"{requester} asks {holder}: {question}")
        )
        yield f"{self._either(nl, en)} ({flip.rule or self._no_rule()})"
        if flip.regions:
            names = [
                catalogue.regions[code].nl if code in catalogue.regions else code for code in flip.regions
            ]
            yield self._line("alleen in", "only in", ", ".join(names))
        label = _WHAT.get(flip.kind)
        if label is not None:
            known = [catalogue.answer_codes, catalogue.obligations]
            texts = [self._named(next((one for one in known if code in one), {}), code) for code in flip.what]
            if flip.kind == "other_basis":
                texts = [
                    catalogue.legal_bases[c].text if c in catalogue.legal_bases else c for c in flip.what
                ]
            yield self._line(*label, "; ".join(texts)) if texts else self._either(*label)
        yield self._line("doel", "purpose", self._in_order(catalogue.purposes, flip.purposes))
        about = [
            f"{self._named(catalogue.subject_roles, role)} ({self._in_order(catalogue.age_bands, ages)})"
            for role, ages in flip.subjects.items()
        ]
        yield self._line("over", "about", "; ".join(about))
        yield self._line("aantal vakjes", "cells", str(flip.cells))

    def _in_order(self, known: Mapping[str, Named], codes: Iterable[str]) -> str:
        order = list(known)
        places = {code: order.index(code) if code in known else len(order) for code in codes}
        return "; ".join(self._named(known, code) for code in sorted(places, key=lambda code: places[code]))

    def _no_rule(self) -> str:
        return self._either("geen regel", "no rule")

    def _named(self, known: Mapping[str, Named], code: str) -> str:
        """The name of a code; the code itself where this release does not know it (any more)."""
        return self._one(known[code]) if code in known else code

    def _permitting(self, rule: Rule) -> Iterator[str]:
        catalogue = self._catalogue
        if rule.conditions:
            yield self._line("ook nodig", "also needs", self._names(catalogue.conditions, rule.conditions))
        yield self._line("doel", "purpose", self._names(catalogue.purposes, rule.purposes))
        yield self._line("wijze", "mode", self._one(catalogue.modes[rule.mode]))
        if rule.by_hand_for:
            purposes = self._names(catalogue.purposes, rule.by_hand_for)
            yield self._line("door een mens bij", "by a person for", purposes)
        yield self._line("termijn voor een mens", "time for a person", self._term(rule.deadline))
        yield self._line("antwoord", "answer", self._answers(rule.answer_codes, desk=rule.desk))
        for partner, bases in rule.legal_bases.items():
            if len(rule.legal_bases) > 1:
                yield self._line("vraagt", "asks", self._one(catalogue.partners[partner]))
            yield from self._bases(bases)
        owed = [*rule.obligations, *catalogue.by_mode[rule.mode]]
        if owed:
            yield self._line("verplicht", "obligations", self._names(catalogue.obligations, owed))
        yield self._line("bewaren", "retention", self._names(catalogue.retention, rule.retention))

    def _term(self, deadline: str | None) -> str:
        """How long a person has, by the national limits."""
        parameters = self._catalogue.parameters
        days, hours = parameters.human_deadline_working_days, parameters.fast_deadline_hours
        if deadline == "fast_deadline":
            return self._either(f"{hours} uur", f"{hours} hours")
        return self._either(
            f"{days} werkdagen, of eerder als het overleg eerder is; bij acuut gevaar {hours} uur",
            f"{days} working days, or sooner if the meeting is sooner; {hours} hours in acute danger",
        )

    def _about(self, rule: Rule, role: str) -> str:
        """A role with its ages, and what differs for it from the rest of the row."""
        catalogue, about = self._catalogue, rule.subjects[role]
        parts = [
            f"{self._one(catalogue.subject_roles[role])} ({self._names(catalogue.age_bands, about.ages)})"
        ]
        if about.dual_role and rule.reason is None:
            parts.append(
                self._either(
                    "alleen als dit ook een vermoedelijke pleger is, met uitleg; altijd door een mens",
                    "only if also a suspected perpetrator, explained; always by a person",
                )
            )
        elif about.dual_role:
            parts.append(
                self._either(
                    "niet als dit ook een vermoedelijke pleger is, met uitleg",
                    "not if also a suspected perpetrator, explained",
                )
            )
        if about.answer_codes != rule.answer_codes:
            answers = self._answers(about.answer_codes, desk=rule.desk)
            parts.append(self._either(f"antwoord alleen: {answers}", f"answer only: {answers}"))
        if about.obligations:
            parts.append(self._names(catalogue.obligations, about.obligations))
        return " – ".join(parts)

    def _bases(self, codes: Iterable[str]) -> Iterator[str]:
        """Each basis, and right under it what a lawyer has still to answer."""
        for code in codes:
            basis = self._catalogue.legal_bases[code]
            yield self._line("grondslag", "basis", basis.text)
            for question in self._catalogue.unsettled([code]):
                label = f"  open vraag {question.code}", f"  open question {question.code}"
                yield self._line(*label, self._one(question))
            for gap in self._catalogue.gaps([code]):
                yield self._line("  let op", "  mind", self._one(gap))

    def _answers(self, codes: Iterable[str], *, desk: bool) -> str:
        names = self._names(self._catalogue.answer_codes, codes, ", ")
        with_desk = self._either("bij ja een loket om te bellen", "with a yes, a desk to call")
        return f"{names}; {with_desk}" if desk else names

    def _review(self, rule: Rule) -> str:
        status = self._one(self._catalogue.statuses[rule.status])
        by = self._either("getoetst door", "reviewed by")
        nobody = self._either("niemand", "nobody")
        reviewed = f"{rule.reviewed_by}, {_day(rule.reviewed_on)}" if rule.reviewed_on else nobody
        first, last = _day(rule.valid_from), rule.valid_until
        valid = self._either(
            f"geldt vanaf {first}, {f'tot en met {_day(last)}' if last else 'zonder einddatum'}",
            f"valid from {first}, {f'up to and including {_day(last)}' if last else 'without end'}",
        )
        version = self._either("versie", "version")
        return f"{status}; {by}: {reviewed}; {valid}; {version} {rule.version} ({rule.source})"

    def _line(self, nl: str, en: str, text: str) -> str:
        return f"{nl if self._dutch else en}: {text}"

    def _names(self, known: Mapping[str, Named], codes: Iterable[str], by: str = "; ") -> str:
        return by.join(self._one(known[code]) for code in codes)

    def _one(self, named: Named) -> str:
        return named.nl if self._dutch else named.en

    def _either(self, nl: str | None, en: str | None) -> str:
        return (nl if self._dutch else en) or ""


_SHOWN = 10


def _places(positions: Sequence[int]) -> str:
    """Some positions in the trail, and how many more."""
    shown = ", ".join(map(str, positions[:_SHOWN]))
    return f"{shown} …" if len(positions) > _SHOWN else shown


_OTHERWISE: Mapping[KindOfChange, tuple[str, str]] = {
    "allowed": ("mag dan wel", "then permitted"),
    "by_machine": ("gaat dan automatisch", "then by machine"),
    "more_answers": ("het antwoord kan dan meer zijn", "the answer can then be more"),
    "fewer_duties": ("dan minder verplicht", "then fewer obligations"),
    "refused": ("mag dan niet", "then refused"),
    "by_hand": ("gaat dan naar een mens", "then by a person"),
    "fewer_answers": ("het antwoord kan dan minder zijn", "the answer can then be less"),
    "more_duties": ("dan meer verplicht", "then more obligations"),
    "other_basis": ("op een andere grondslag", "on another basis"),
    "otherwise": ("op een andere manier", "in another way"),
    "other_reasons": ("om een andere reden geweigerd", "refused for another reason"),
}

_LEFT_OUT: Mapping[WhyLeftOut, tuple[str, str]] = {
    "erased": (
        "niet opnieuw beslist: gewist met de gegevens van de persoon",
        "not decided again: erased with the person's data",
    ),
    "unreadable": (
        "niet opnieuw beslist: opgeschreven in een vorm die deze versie niet kent",
        "not decided again: written in a form that this version does not know",
    ),
    "undecided": (
        "niet opnieuw beslist: de nieuwe versie geeft hierop geen beslissing",
        "not decided again: the new release gives no decision on it",
    ),
    "changed": (
        "niet opnieuw beslist: niet wat de eigen versie geeft",
        "not decided again: not what its own release gives",
    ),
}

PARAMETERS: Mapping[str, str] = {
    "melding_due_hours": "een melding moet er zijn binnen (uren)",
    "max_subjects_per_case": "personen in een casus, ten hoogste",
    "max_repeats": "dezelfde vraag over dezelfde persoon opnieuw, ten hoogste",
    "human_deadline_working_days": "een mens antwoordt binnen (werkdagen)",
    "human_deadline_working_days_before_meeting": "en uiterlijk vóór het overleg (werkdagen)",
    "fast_deadline_hours": "bij spoed antwoordt een mens binnen (uren)",
    "police_lookback_years": "de politie kijkt terug (jaren)",
    "answer_fresh_days": "een antwoord is vers gedurende (dagen)",
    "urgent_review_working_days": "spoed wordt achteraf bekeken binnen (werkdagen)",
    "meeting_warn_day": "waarschuwing als het overleg er niet is op dag",
    "meeting_late_day": "het overleg is te laat vanaf dag",
    "notice_days": "de persoon weet het binnen (dagen)",
    "deferral_max_days": "een uitstel duurt ten hoogste (dagen)",
    "notice_reminder_days": "herinnering aan wie moet informeren op dag",
    "fg_review_deferral": "de FG kijkt mee vanaf het zoveelste uitstel",
    "fg_review_week": "de FG kijkt mee vanaf week",
}
"""What each limit or clock of the hand-out is."""

_WHAT: dict[str, tuple[str, str]] = {
    "more_answers": ("het antwoord kan voortaan ook zijn", "the answer can now also be"),
    "fewer_answers": ("het antwoord is niet meer", "the answer is no longer"),
    "more_duties": ("nieuw verplicht", "new obligation"),
    "fewer_duties": ("niet meer verplicht", "no longer an obligation"),
    "other_basis": ("grondslag wordt", "the basis becomes"),
    "otherwise": (
        "anders: loket, termijn, bewaren, kennisgeving of status",
        "other: desk, term, retention, notice or status",
    ),
    "other_reasons": ("geweigerd, met andere redenen", "refused, for other reasons"),
}


def _day(day: date) -> str:
    return f"{day:%d-%m-%Y}"
