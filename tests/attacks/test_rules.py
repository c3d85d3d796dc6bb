"""Rules see their input and nothing else: each way round it is refused when a release is read, so at every
party, before any engine parses it.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from demo.caller import Refused
from policies import Release, ReleaseError, load_release
from policies.bundle import pack, unpack
from policies.evaluator import Evaluator
from policies.rego import BUILTINS, verify_rules
from policies.release import release_of
from tests.policies.test_rego import _nodes, _tree
from tests.world import AsgiCaller, LocalWorld

CASE = "handout/case/case.rego"
DECISION = "handout/decision.rego"
HAND_OUT = Path(__file__).parents[2] / "policies" / "handout"


def _if(condition: str) -> str:
    return f'reasons contains "case_closed" if {condition}'


ADDED: dict[str, tuple[str, str]] = {  # one more rule in the package of the case -> what is said of it
    "a clock": (_if("time.now_ns() > 1"), "time.now_ns"),
    "a clock that decides later": (_if("{\n\ttime.now_ns() >= 180000000\n}"), "time.now_ns"),
    "the machine": (_if('opa.runtime().env.HOME == "x"'), "opa.runtime"),
    "chance": (_if('rand.intn("x", 2) == 1'), "rand.intn"),
    "a fresh name": (_if('uuid.rfc4122("x") == "y"'), "uuid.rfc4122"),
    "a request": (_if('http.send({"method": "get", "url": "http://127.0.0.1:9"}).status_code'), "http.send"),
    "a request by a computed name": (_if('http["send"]({"url": input.purpose})'), "calls what"),
    "a name that is looked up": (_if('net.lookup_ip_addr("x")'), "net.lookup_ip_addr"),
    "a word to the log": (_if("trace(input.purpose)"), "trace"),
    "a word on the screen": (_if("print(input.purpose)"), "print"),
    "a pattern that takes long": (_if('regex.match("(a*)*b", input.purpose)'), "regex.match"),
    "a list without end": (_if("count(numbers.range(1, 100000000)) > 1"), "numbers.range"),
    "every path of the input": (_if("{\n\twalk(input, x)\n}"), "walk"),
    "a built-in that is no call": (_if("input.a < input.b"), "uses <"),
    "in a comprehension": (_if("count([1 | time.now_ns()]) == 1"), "time.now_ns"),
    "in a set comprehension": (_if("count({x | x := time.now_ns()}) == 1"), "time.now_ns"),
    "in an object comprehension": (_if('count({"a": x | x := time.now_ns()}) == 1'), "time.now_ns"),
    "under every": (_if("{\n\tevery x in [1] {\n\t\ttime.now_ns()\n\t}\n}"), "time.now_ns"),
    "what every goes over": (_if("{\n\tevery x in [time.now_ns()] {\n\t\tx\n\t}\n}"), "time.now_ns"),
    "under not": (_if("not time.now_ns()"), "time.now_ns"),
    "as an index": (_if("input.case[time.now_ns()]"), "time.now_ns"),
    "as an argument": (_if("count([time.now_ns()]) == 1"), "time.now_ns"),
    "behind else": ("_late := 1 if {\n\tinput.purpose\n} else := time.now_ns()", "time.now_ns"),
    "as a default of a function": ("default _now(_) := 1\n\n_now(x) := time.now_ns()", "time.now_ns"),
    "on the line after": ("_now :=\n\ttime.now_ns()", "time.now_ns"),
    "after a space": ("_now := time.now_ns ()", "time.now_ns"),
    "behind a comment": ("_now := time.now_ns # what follows is a call\n()", "time.now_ns"),
    "in a string that is worked out": ('_now := $"{time.now_ns()}"', "a sign"),
    "in a raw string that ends elsewhere": ("_now := `\"`\n_x := time.now_ns()\n_y := `\"`", "a sign"),
    "in a string that ends elsewhere": ('_now := "\\"\n_x := time.now_ns()\n_y := "\\""', "a sign"),
    "another input": (_if('data.handout.decision with input as {"purpose": "x"}'), "makes itself"),
    "another built-in": (_if("count([1]) == 1 with count as 2"), "makes itself"),
    "another call": (_if("data.handout.batch with http.send as 1"), "makes itself"),
    "other data": (_if("data.handout.decision with data.handout.matrix.rules as {}"), "makes itself"),
    "data of the server": (_if("data.system.version"), "data that is not of the hand-out"),
    "data of whoever types": (_if("data.repl.x"), "data that is not of the hand-out"),
    "all data": (_if("count(data) == 1"), "data that is not of the hand-out"),
    "data by a computed name": (_if("data[input.purpose]"), "data that is not of the hand-out"),
    "data in brackets": (_if('data["system"].version'), "data that is not of the hand-out"),
    "data that begins alike": (_if("data.handouts.x"), "data that is not of the hand-out"),
    "the whole of the hand-out": (_if("data.handout[input.purpose]"), "data that is not of the hand-out"),
    "the whole input": (_if('object.get(input, "purpose", "") == ""'), "its input whole"),
    "the input by a computed name": (_if("input[data.handout.x]"), "its input whole"),
    "another name for data": ("import data.system as handout", "import in the middle"),
    "another package further on": ("package system.log", "package in the middle"),
    "a function with the name of a built-in": ("count(x) := 2 if x", "the name of something else"),
    "a rule with the name of a built-in": ("union := 2", "the name of something else"),
    "a rule on the line of another": ("_a := 1 count(x) := 2", "the name of something else"),
    "a default for a built-in": ("default count(_) := 1", "the name of something else"),
    "a function with a name of its own": ("time_of(x) := 1 if x", "time_of"),
    "a function of another package": (_if("data.handout.regions._speaks_of([], 1)"), "_speaks_of"),
    "a call of what was looked up": (_if("input.case[input.purpose](1)"), "calls what"),
    "a call of a field of it": (_if("input.case[input.purpose].now(1)"), "calls what"),
    "a letter of another alphabet": ("_t\u0456me := 1", "a sign"),
    "a space of another kind": ("_a :=\u00a01", "a sign"),
    "a line that ends otherwise": ("# a comment\r_a := time.now_ns()", "a sign"),
    "text that turns round": ("# \u202e a comment", "a sign"),
    "a number that engines read differently": ("_a := 12345678901234567890", "a sign"),
    "a number that is not whole": ("_a := 1.5", "a point"),
    "a schema": (
        '# METADATA\n# schemas:\n#   - input: {"$ref": "http://127.0.0.1:9"}\n_a := 1', "annotation"),
    "a schema by another spelling": ('# METADATA\n# "sch\\u0065mas": []\n_a := 1', "annotation"),
    "a schema in one line": ("# METADATA\n# {schemas: []}\n_a := 1", "annotation"),
    "a schema after a text": ("# METADATA\n# description: |\n#   a\n# schemas: []\n_a := 1", "annotation"),
    "a schema behind a rule": ("_a := 1 # METADATA\n# schemas: []\n_b := 1", "annotation"),
    "a schema of a package": ("#METADATA\n# schemas: []\n_b := 1", "annotation"),
    "brackets within brackets": (f"_a := {'[' * 14}1{']' * 14}", "brackets within each other"),
    "a bracket too many": ("_a := [1]]", "closes nothing"),
    "more words than anybody reads": ("\n".join(f"_a{n} := {n}" for n in range(7000)), "longer than"),
}  # fmt: skip

HEADERS: dict[str, tuple[str, str]] = {  # instead of the first lines of the package of the case
    "a package outside the hand-out": ("package system.log\n", "package of its folder"),
    "the package of another folder": ("package handout.matrix\n", "package of its folder"),
    "a package by another spelling": ('package handout["case"]\n', "package of its folder"),
    "a package below its folder": ("package handout.case.more\n", "package of its folder"),
    "no package": ("", "package of its folder"),
    "two packages": ("package handout.case\npackage system.log\n", "package in the middle"),
    "an import from the server": ("package handout.case\nimport data.system\n", "imports"),
    "an import under another name": ("package handout.case\nimport rego.v1 as input\n", "makes itself"),
    "an import of its input": ("package handout.case\nimport input.case as case\n", "imports"),
    "an import from the hand-out": ("package handout.case\nimport data.handout.matrix\n", "imports"),
    "a word of one engine": ("package handout.case\nimport future.keywords.not\n", "imports"),
    "all words of one engine": ("package handout.case\nimport future.keywords\n", "imports"),
}  # fmt: skip


def _changed(change: Mapping[str, str]) -> dict[str, bytes]:
    """The files of our release with these sources instead of theirs."""
    return {**load_release().files, **{path: source.encode() for path, source in change.items()}}


def _case(source: str) -> dict[str, bytes]:
    return _changed({CASE: load_release().rego()[CASE] + f"\n{source}\n"})


@pytest.mark.parametrize("name", ADDED)
def test_a_rule_that_sees_more_than_its_input_is_refused(name: str) -> None:
    source, said = ADDED[name]
    with pytest.raises(ReleaseError, match=r"case\.rego|The rules") as raised:
        release_of(_case(source))
    assert said in str(raised.value)


@pytest.mark.parametrize("name", HEADERS)
def test_a_file_that_is_not_of_its_place_is_refused(name: str) -> None:
    header, said = HEADERS[name]
    with pytest.raises(ReleaseError) as raised:
        release_of(_changed({CASE: f"{header}\n_a := 1\n"}))
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "change",
    [
        ("with input as item", 'with input as {"purpose": "x"}'),
        ("some item in input.items", 'some item in [{"purpose": "x"}]'),
        ("batch := [answer", "many := [answer"),
        ("batch := [answer", "batch := [1, answer"),
    ],
    ids=str,
)
def test_only_the_call_hands_a_decision_its_input(change: tuple[str, str]) -> None:
    with pytest.raises(ReleaseError, match="makes itself"):
        release_of(_changed({DECISION: load_release().rego()[DECISION].replace(*change)}))


def test_the_call_stands_nowhere_else() -> None:
    rule = (
        "batch := [answer |\n\tsome item in input.items\n"
        "\tanswer := data.handout.decision with input as item\n]"
    )
    assert rule in load_release().rego()[DECISION]
    for place in (f"_a if {{\n{rule}\n}}", f"_a if\n{rule}"):
        with pytest.raises(ReleaseError, match="makes itself"):
            release_of(_changed({DECISION: load_release().rego()[DECISION] + f"\n{place}\n"}))
    with pytest.raises(ReleaseError, match="makes itself"):
        release_of(_case(rule))


@pytest.mark.parametrize(
    "source",
    [
        "_near(x) if x in [1]\n\n_a if _near(1)",
        "_a if {\n\tevery x in [1] {\n\t\tx == 1\n\t}\n}",
        '_a := count([x | some x in input.case]) if input.case.kind == "named"',
        "# METADATA\n# title: A rule\n# description: |\n#   In words.\n#\n#   More.\n_a := 1\n\n# a remark",
        "_a if {\n\tnot (1 == 2) == true\n}",
    ],
    ids=str,
)
def test_what_rules_are_written_with_is_read(source: str) -> None:
    Evaluator(release_of(_case(source))).close()


@pytest.mark.parametrize("name", ["rego.v1", "future.keywords.in", "future.keywords.every"])
def test_an_import_that_changes_nothing_is_read(name: str) -> None:
    source = (
        load_release()
        .rego()[CASE]
        .replace("package handout.case\n", f"package handout.case\n\nimport {name}\n")
    )
    Evaluator(release_of(_changed({CASE: source}))).close()


def test_the_closed_list_is_what_the_rules_of_the_hand_out_use() -> None:
    """As the real OPA reads them, which makes `eq` of `==` and `:=`: an entry that no rule needs is one that
    nobody looked at.
    """
    used = {"eq"}
    for path in sorted(HAND_OUT.rglob("*.rego")):
        if path.stem.endswith("_test"):
            continue
        for node in _nodes(_tree(path)):
            terms = node.get("terms", node.get("value") if node.get("type") == "call" else None)
            if isinstance(terms, list):
                used.add(".".join(str(part["value"]) for part in terms[0]["value"]))
    assert {name for name in used if not name.startswith("_")} == BUILTINS


def test_nesting_that_an_engine_reads_for_minutes_is_refused_at_once() -> None:
    with pytest.raises(ReleaseError):
        verify_rules({CASE: "package handout.case\n_a := " + "[" * 100_000})


TOLD = {
    "files": None,
    "certificate": "{}",
    "name": "kijkt op de klok",
    "changelog": "Een regel die op de klok kijkt.",
}


def _with_a_clock() -> Release:
    """As somebody makes it who has no use for our reader."""
    return replace(load_release(), revision=f"sha256:{'1' * 64}", files=_case(ADDED["a clock"][0]))


def test_no_officer_proposes_a_rule_that_looks_at_the_clock(chain: LocalWorld) -> None:
    files = {path: content.decode() for path, content in _with_a_clock().files.items()}
    officer = AsgiCaller(chain, "rvdk", chain.token("rvdk", "privacy_officer"))
    with pytest.raises(Refused, match="release_unfit"):
        officer.post("/v1/releases", {**TOLD, "files": files})


def test_no_bundle_brings_a_party_a_rule_that_looks_at_the_clock() -> None:
    """Broker and node read what another party hands them, and what they kept, in this one way."""
    key = ec.generate_private_key(ec.SECP256R1())
    bundle = pack(_with_a_clock(), key, "a")
    for key_of in (lambda _: key.public_key(), None):
        with pytest.raises(ReleaseError, match=r"time\.now_ns"):
            unpack(bundle, key_of)
