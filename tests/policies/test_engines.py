"""One contract for both engines, and the strict reader behind which they stand."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies import (
    Decision,
    EmbeddedPolicy,
    OpaServerPolicy,
    Policy,
    PolicyUnavailable,
    Release,
    evaluator,
    load_release,
)
from policies.engine import Reader
from policies.evaluator import Evaluator
from tests.policies.conftest import asking

Inputs = Sequence[Mapping[str, object]]


class _Contract:
    """What every implementation of the seam promises."""

    @pytest.fixture
    def opened(self, release: Release) -> Any:
        raise NotImplementedError

    def decide(self, opened: Any, inputs: Inputs) -> list[Decision]:
        async def run() -> list[Decision]:
            policy: Policy = await opened()
            try:
                return await policy.decide(inputs)
            finally:
                await policy.close()

        return asyncio.run(run())

    def test_it_names_its_engine_and_release(self, opened: Any, release: Release) -> None:
        async def run() -> tuple[str, str]:
            policy = await opened()
            await policy.close()
            return policy.engine, policy.revision

        engine, revision = asyncio.run(run())
        assert engine.split()[0] in {"regorus", "opa"}
        assert engine.split()[1][0].isdigit()
        assert revision == release.revision

    def test_it_answers_all_inputs_in_their_order(self, opened: Any) -> None:
        answers = self.decide(opened, [asking({}), asking({"case.melding": "none"}), asking({})])
        assert [one.effect for one in answers] == ["permit", "refusal", "permit"]

    def test_nothing_asked_is_nothing_answered(self, opened: Any) -> None:
        assert self.decide(opened, []) == []

    def test_a_value_outside_the_vocabulary_counts_as_absent(self, opened: Any) -> None:
        odd = [asking({"subject.age_band": value}) for value in ("Jan", 1, 1.5, ["adult"], {"a": 1})]
        absent = asking({"subject.age_band": None})
        first, *others = self.decide(opened, [absent, *odd])
        assert others == [first] * len(odd)
        assert first.effect == "refusal"

    def test_a_number_is_no_boolean(self, opened: Any) -> None:
        (one,) = self.decide(opened, [asking({"requester.mandated": 1})])
        assert [reason.code for reason in one.reasons] == ["requester_not_mandated"]

    def test_a_group_that_is_no_object_counts_as_absent(self, opened: Any) -> None:
        assert self.decide(opened, [asking({"case": "named"})])[0].effect == "refusal"

    @pytest.mark.parametrize("path", ["name", "case.id", "subject.bsn"])
    def test_a_field_outside_the_vocabulary_is_an_error_that_does_not_repeat_it(
        self, opened: Any, path: str
    ) -> None:
        with pytest.raises(PolicyUnavailable) as raised:
            self.decide(opened, [asking({}), asking({path: "Jansen"})])
        assert "Jansen" not in str(raised.value)

    def test_after_closing_it_does_not_decide(self, opened: Any) -> None:
        async def run() -> None:
            policy = await opened()
            await policy.close()
            await policy.decide([asking({"case.stage": "referral"})])

        with pytest.raises(PolicyUnavailable):
            asyncio.run(run())


class TestEmbedded(_Contract):
    @pytest.fixture
    def opened(self, release: Release) -> Any:
        async def embedded() -> Policy:
            return EmbeddedPolicy(release)

        return embedded

    def test_another_thread_gets_an_error_and_no_panic(self, release: Release) -> None:
        async def run() -> None:
            policy = EmbeddedPolicy(release)
            with pytest.raises(PolicyUnavailable):
                await asyncio.to_thread(lambda: asyncio.run(policy.decide([asking({})])))
            assert (await policy.decide([asking({})]))[0].permitted

        asyncio.run(run())

    def test_an_evaluator_that_another_thread_let_go_of_is_freed_by_its_own(self, release: Release) -> None:
        """Freed elsewhere, the engine panics and its memory is lost."""
        kept = [Evaluator(release)]
        number = kept[0]._number
        clearing = threading.Thread(target=kept.clear)
        clearing.start()
        clearing.join()
        assert number in evaluator._held.engines
        Evaluator(release).close()
        assert number not in evaluator._held.engines

    def test_its_memory_is_bounded_and_changes_no_answer(self, release: Release) -> None:
        async def run() -> None:
            policy = EmbeddedPolicy(release, remember=2)
            inputs = [asking({"case.stage": stage}) for stage in ("referral", "enrichment", "closed")] * 3
            assert await policy.decide(inputs) == await EmbeddedPolicy(release, remember=0).decide(inputs)
            assert len(policy._remembered) == 2

        asyncio.run(run())


_WITHOUT_REGORUS = """
import asyncio, json, sys
from types import SimpleNamespace

sys.modules["regorus"] = None  # as if it were not there
from party.start import open_policy
from policies import load_release
from policies.errors import ReleaseError

release = load_release()
settings = SimpleNamespace(
    policy_engine="server_alone", opa_url=sys.argv[1], opa_token=None, opa_timeout_s=15
)

async def decided():
    policy = await open_policy(settings, release)
    print(policy.engine)
    print((await policy.decide([json.loads(sys.argv[2])]))[0].as_json())
    await policy.close()
    for settings.policy_engine in ("embedded", "server"):
        try:
            await open_policy(settings, release)
        except ReleaseError as error:
            print(error)

asyncio.run(decided())
"""


class TestOpaServer(_Contract):
    @pytest.fixture
    def opened(self, release: Release, opa_url: str) -> Any:
        async def served() -> Policy:
            return await OpaServerPolicy.open(opa_url, release.revision, release.catalogue, timeout_s=5)

        return served

    def test_it_decides_where_the_other_engine_is_not_installed(self, release: Release, opa_url: str) -> None:
        """What replaces gordon-to-regorus in a day: a party that starts and decides without it."""
        told = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _WITHOUT_REGORUS, opa_url, json.dumps(asking({}))],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout.splitlines()
        assert told[0].startswith("opa ")
        [here] = asyncio.run(EmbeddedPolicy(release).decide([asking({})]))
        assert told[1] == here.as_json()
        assert told[2:] == 2 * [
            "The policy engine is regorus, which is not installed: set `policy_engine` to `server_alone`."
        ]


_VOCABULARY = load_release().catalogue.vocabulary
_PERMITTED = st.sampled_from(
    [
        asking({}),
        asking({"purpose": "immediate_safety", "case.urgency": "acute_danger"}),
        asking({"subject.role": "victim", "subject.dual_role": True}),
        asking({"holder": "om", "question": "om.ongoing_prosecution", "necessity.weighty_and_urgent": True}),
        asking({"case.regime": "zvh", "case.accepted": True}),
    ]
)
_SPOILED = st.sampled_from([None, "", "ja", 0, 1, 2.5, [], {}, "ADULT", "adult ", "\u0000"])


def _spoil(given: dict[str, Any], paths: set[str], value: object) -> dict[str, Any]:
    spoiled: dict[str, Any] = json.loads(json.dumps(given))
    for path in paths:
        group, _, name = path.rpartition(".")
        place = spoiled[group] if group else spoiled
        if value is None:
            del place[name]
        else:
            place[name] = value
    return spoiled


class TestSpoiledFacts:
    """A permitted input of which facts are removed or corrupted is refused, by both engines alike."""

    embedded: ClassVar[list[EmbeddedPolicy]] = []

    @settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(_PERMITTED, st.sets(st.sampled_from(sorted(_VOCABULARY)), min_size=1, max_size=6), _SPOILED)
    def test_it_is_refused(self, asked: dict[str, Any], paths: set[str], value: object) -> None:
        policy = EmbeddedPolicy(load_release()) if not self.embedded else self.embedded[0]
        self.embedded[:] = [policy]
        good, bad = asyncio.run(policy.decide([asked, _spoil(asked, paths, value)]))
        assert good.permitted
        assert not bad.permitted
        assert bad.reasons

    def test_both_engines_refuse_alike(self, release: Release, opa_url: str) -> None:
        groups = [{path} for path in _VOCABULARY] + [
            {a, b} for a in _VOCABULARY for b in _VOCABULARY if a < b
        ]
        inputs = [_spoil(asking({}), paths, None) for paths in groups]

        async def run() -> None:
            server = await OpaServerPolicy.open(opa_url, release.revision, release.catalogue, timeout_s=30)
            try:
                served = await server.decide(inputs)
            finally:
                await server.close()
            assert served == await EmbeddedPolicy(release).decide(inputs)
            assert all(one.effect == "refusal" for one in served)

        asyncio.run(run())


class TestStrictReader:
    """A document that does not fit the release is never believed."""

    @pytest.fixture
    def good(self, release: Release) -> dict[str, Any]:
        (decision,) = asyncio.run(EmbeddedPolicy(release).decide([asking({})]))
        read: dict[str, Any] = json.loads(decision.as_json())
        return read

    def read(self, release: Release, document: object, asked: Mapping[str, object] | None = None) -> Decision:
        reader = Reader(release.catalogue, release.revision)
        return reader.decisions([reader.facts(asked if asked is not None else asking({}))], [document])[0]

    def test_the_good_document_is_believed(self, release: Release, good: dict[str, Any]) -> None:
        assert self.read(release, good).permitted

    @pytest.mark.parametrize(
        "change",
        [
            {"effect": "allow"},
            {"effect": True},
            {"rule": None},
            {"rule": "Z99"},
            {"rule": "A03"},
            {"rule": "A04"},
            {"mode": "robot"},
            {"mode": None},
            {"answer_codes": []},
            {"answer_codes": ["yes", "maybe"]},
            {"answer_codes": ["yes", "yes"]},
            {"answer_codes": "yes"},
            {"desk": 1},
            {"deadline": None},
            {"deadline": "never"},
            {"reasons": [{"code": "no_rule", "citations": ["AVG 6"]}]},
            {"reasons": None},
            {"legal_bases": []},
            {"legal_bases": ["in_om"]},
            {"obligations": []},
            {"obligations": ["match_statutory_set", "unheard_of"]},
            {"transparency": []},
            {"retention": ["forever"]},
            {"status": "reviewed"},
            {"revision": "sha256:other"},
            {"revision": None},
            {"extra": 1},
            {"effect": "refusal"},
        ],
        ids=str,
    )
    def test_a_changed_document_is_not(
        self, release: Release, good: dict[str, Any], change: dict[str, Any]
    ) -> None:
        with pytest.raises(PolicyUnavailable):
            self.read(release, {**good, **change})

    @pytest.mark.parametrize("document", [None, {}, [], "permit", True, {"effect": "permit"}], ids=str)
    def test_a_document_of_another_shape_is_not(self, release: Release, document: object) -> None:
        with pytest.raises(PolicyUnavailable):
            self.read(release, document)

    @pytest.mark.parametrize(
        "changes",
        [
            {"purpose": "interpret"},
            {"subject.age_band": "under_12"},
            {"subject.role": "victim"},
            {"requester.partner": "om"},
            {"holder": "om"},
            {"necessity.motivated": None},
        ],
        ids=str,
    )
    def test_a_permit_that_does_not_fit_what_was_asked_is_not(
        self, release: Release, good: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        with pytest.raises(PolicyUnavailable):
            self.read(release, good, asking(changes))

    def test_a_shortened_list_is_not(self, release: Release, good: dict[str, Any]) -> None:
        reader = Reader(release.catalogue, release.revision)
        with pytest.raises(PolicyUnavailable):
            reader.decisions([reader.facts(asking({}))] * 2, [good])

    def test_a_refusal_without_reason_is_not(self, release: Release, good: dict[str, Any]) -> None:
        nothing = {"mode": None, "answer_codes": [], "desk": False, "deadline": None}
        refused = {**good, **nothing, "effect": "refusal", "legal_bases": [], "obligations": []}
        with pytest.raises(PolicyUnavailable):
            self.read(release, refused)
