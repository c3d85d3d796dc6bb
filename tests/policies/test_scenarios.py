"""The lines that a lawyer can read hold of the release, and a line that is wrong is found."""

import pytest

from policies import Release
from policies.errors import ReleaseError
from policies.parts import Parts
from policies.release import SCENARIOS, release_of
from policies.scenarios import Scenarios, read_scenarios, scenarios_of

AT = frozenset({("veilig_thuis", "rvdk.known")})
UNREACHED = {"narrowed_by_region", "melder_protected", "advice_not_shared"}
"""No cell of this release gives these: no code exists, or no region narrows."""


def test_every_line_holds_of_the_release(release: Release) -> None:
    assert Scenarios(scenarios_of(release).lines, nothing_else=False).broken(Parts(release)) is None


def test_every_reason_of_the_broker_stands_in_a_line(release: Release) -> None:
    said = {code for line in scenarios_of(release).lines for code in line.told.get("reasons", ())}
    here = {code for code in release.catalogue.reasons if not code.startswith("holder_")}
    assert here - said == UNREACHED


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("permit rule=A06 mode=automatic", "permit rule=A06 mode=human"),
        ("veilig_thuis P1|P2 child|parent", "veilig_thuis P1 child|parent"),
        ("bool,,= codes=yes|no|not_determinable", "bool,,= codes=yes|no"),
    ],
    ids=["another mode", "a purpose less", "a code less"],
)
def test_a_line_that_the_release_does_not_keep_is_found(release: Release, right: str, wrong: str) -> None:
    text = release.files[SCENARIOS].decode()
    assert right in text
    assert read_scenarios(text).broken(Parts(release), AT) is None
    assert read_scenarios(text.replace(right, wrong)).broken(Parts(release), AT) is not None


@pytest.mark.parametrize(
    "line",
    ["x,q,permit rule=A01,", "x,q,refusal reasons=no_rule,why", ",q,permit rule=A01,why", "a,b"],
    ids=["no source", "a word unexplained", "half a permit", "two cells"],
)
def test_a_line_that_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(ReleaseError, match="Line 2 "):
        read_scenarios(f"Given,Question,Expected,Because\n{line}\n")


def test_a_release_without_the_table_has_no_lines(release: Release) -> None:
    files = {path: content for path, content in release.files.items() if path != SCENARIOS}
    assert scenarios_of(release_of(files)) == Scenarios((), nothing_else=False)
