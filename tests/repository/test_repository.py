"""What may and may not stand in this repository, over every file in it."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# written so that this file itself does not match
_NEVER: dict[str, str] = {
    "a package registry": (
        r"(?:pypi|pythonhosted|npmjs|deb\.debian|proxy\.golang|sum\.golang|maven)\.(?:org|com)\b|\bcrates\.io\b"
    ),
    "a path of one machine": r"(?<![\w.])/(?:work|root|tmp|home)/[a-z.]",
    "a tool of a workplace": r"\bfarm-[a-z]+|\b(?:cl[a]ude|anthr[o]pic|chatg[p]t|cop[i]lot|op[e]nai)\b",
    "how the work is organised": (
        r"\bissues? #?[0-9]+\b|\b(?:c[o]ding|a[i]) (?:agent|assistant|model)s?\b|\bcommon br[i]ef\b"
    ),
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a conflict that was not resolved": r"^(?:<{7}|>{7}) ",
}
_NUMBER = re.compile(r"(?<![0-9A-Za-z_])[0-9]{9}(?![0-9A-Za-z_])")


def _files() -> list[Path]:
    """Tracked files and those that would be; what git ignores is not ours."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8", errors="replace") for path in _files()
    }


@pytest.mark.parametrize("what", _NEVER)
def test_no_file_names_what_does_not_belong(texts: dict[str, str], what: str) -> None:
    """Hosts to download from, paths of a machine, names of tools, keys."""
    pattern = re.compile(_NEVER[what], re.IGNORECASE | re.MULTILINE)
    found = [(name, match[0]) for name, text in texts.items() for match in pattern.finditer(text)]
    assert found == []


def elfproef(number: str) -> bool:
    """The check of a BSN: weights 9 to 2 and -1, divisible by 11, not nought."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(weight * int(digit) for weight, digit in zip(weights, number, strict=True))
    return total % 11 == 0 and int(number) != 0


def could_be_somebodys(text: str) -> list[str]:
    """Numbers that pass the elfproef outside the ranges that are never given out."""
    return [
        found[0]
        for found in _NUMBER.finditer(text)
        if elfproef(found[0]) and not found[0].startswith(("9999", "0000000"))
    ]


def test_no_file_holds_a_number_that_could_be_a_bsn(texts: dict[str, str]) -> None:
    """Only 9999xxxxx and 0000000xx, in any file."""
    assert {name: found for name, text in texts.items() if (found := could_be_somebodys(text))} == {}


def test_the_search_for_numbers_finds_them() -> None:
    """Made here, so that none stands in this file."""
    real = next(str(n) for n in range(300_000_000, 300_000_100) if elfproef(str(n)))
    assert could_be_somebodys(f"bsn={real}, x") == [real]
    assert could_be_somebodys(f"a{real} {real}0") == []
    assert elfproef("999990019")
    assert not could_be_somebodys("999990019 000000012")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_pinned_package_has_its_hash_and_no_host(texts: dict[str, str], name: str) -> None:
    """Exact versions, SHA-256 each; where to get them is for whoever installs."""
    lines = [line for line in texts[name].splitlines() if line and not line.lstrip().startswith("#")]
    pinned = [line for line in lines if not line.startswith(" ")]
    assert pinned
    for line in pinned:
        assert re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.]+ (; .+ )?\\", line), line
    for line in set(lines) - set(pinned):
        assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
    assert "//" not in texts[name]


def test_both_locks_pin_the_same_versions(texts: dict[str, str]) -> None:
    """What is tested is what runs."""
    run, develop = (
        set(re.findall(r"^([a-z0-9-]+==[^ ]+)", texts[name], re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert run <= develop


def test_the_locks_hold_what_the_project_asks_for(texts: dict[str, str]) -> None:
    """A dependency that is added is pinned too: run make lock."""
    project = tomllib.loads(texts["pyproject.toml"])["project"]
    asked = {"": project["dependencies"], **project["optional-dependencies"]}
    assert asked.keys() == {"", "party", "broker", "node", "demo", "dev"}
    for extra, packages in asked.items():
        lock = texts["requirements-dev.lock" if extra == "dev" else "requirements.lock"]
        pinned = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)) | {"grondslag"}
        assert {re.split(r"[^A-Za-z0-9-]", text)[0] for text in packages} <= pinned, extra


def test_the_licence_is_said_the_same_everywhere(texts: dict[str, str]) -> None:
    """EUPL-1.2: its text, the package, publiccode.yml and REUSE."""
    assert texts["LICENSE"].startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2\n")
    assert "15.Applicable Law" in texts["LICENSE"]
    assert (ROOT / "LICENSES" / "EUPL-1.2.txt").resolve() == ROOT / "LICENSE"
    assert tomllib.loads(texts["pyproject.toml"])["project"]["license"] == "EUPL-1.2"
    assert "license: EUPL-1.2" in texts["publiccode.yml"]
    assert tomllib.loads(texts["REUSE.toml"])["annotations"][0]["SPDX-License-Identifier"] == "EUPL-1.2"


def test_the_version_is_said_the_same_everywhere(texts: dict[str, str]) -> None:
    """The package and publiccode.yml."""
    version = tomllib.loads(texts["pyproject.toml"])["project"]["version"]
    assert f'softwareVersion: "{version}"' in texts["publiccode.yml"]


def test_every_text_file_is_whole(texts: dict[str, str]) -> None:
    """UTF-8, lines end as Unix does, and the last one ends."""
    for name, text in texts.items():
        assert "\ufffd" not in text, name
        assert "\r" not in text, name
        assert not text or text.endswith("\n"), name
