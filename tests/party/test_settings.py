"""Settings: from a file and the environment; what is wrong stops the start, and secrets are never shown."""

from pathlib import Path
from typing import Any

import pytest

from adapters.node.settings import NodeSettings
from gateway.settings import BrokerSettings
from party.settings import SettingsProblem, printed, read_settings

GOOD: dict[str, Any] = {
    "keys": "keys.json",
    "directory": "directory.json",
    "database": "sqlite:///trail.sqlite",
    "subject_keys": "postgresql+psycopg://grondslag:geheim-woord@localhost/keys",
}

NODE = {
    "party": "om_midden",
    "partner": "om",
    "register_url": "x",
    "issuer": "x",
    "audience": "x",
    "jwks": "x",
}


def written(folder: Path, **changes: Any) -> Path:
    values = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    path = folder / "broker.toml"
    path.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in values.items()), encoding="utf-8")
    return path


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'


def test_a_good_file_is_read(tmp_path: Path) -> None:
    """With what is usual for what is left out: no demo."""
    settings = read_settings(BrokerSettings, written(tmp_path), {})
    assert (settings.demo, settings.policy_engine, settings.host) == (False, "embedded", "127.0.0.1")
    assert settings.database.get_secret_value() == GOOD["database"]


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One prefix for all."""
    monkeypatch.setenv("GRONDSLAG_PORT", "9001")
    assert read_settings(BrokerSettings, written(tmp_path, port=9000), {}).port == 9001


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    """`GRONDSLAG_X_FILE` names it; a file that is not there is named by its setting."""
    secret = tmp_path / "url"
    secret.write_text("sqlite:///other.sqlite\n", encoding="utf-8")
    environment = {"GRONDSLAG_DATABASE_FILE": str(secret)}
    settings = read_settings(BrokerSettings, written(tmp_path, database=None), environment)
    assert settings.database.get_secret_value() == "sqlite:///other.sqlite"
    with pytest.raises(SettingsProblem, match="GRONDSLAG_DATABASE_FILE"):
        read_settings(BrokerSettings, written(tmp_path), {"GRONDSLAG_DATABASE_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"port": 0}, "port"),
        ({"port": 70000}, "port"),
        ({"most_at_once": 0}, "most_at_once"),
        ({"partner_timeout_s": 0}, "partner_timeout_s"),
        ({"policy_engine": "guess"}, "policy_engine"),
        ({"demo": "perhaps"}, "demo"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_is(changes: dict[str, Any], name: str, tmp_path: Path) -> None:
    """One sentence that says where to set it; the value is not repeated."""
    with pytest.raises(SettingsProblem, match=f"`{name}` is wrong") as told:
        read_settings(BrokerSettings, written(tmp_path, **changes), {})
    assert f"GRONDSLAG_{name.upper()}" in str(told.value)
    assert "geheim-woord" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"keys": None}, "The setting `keys` is missing. It is: File with"),
        ({"prot": 8000}, "There is no setting `prot` here. Did you mean `port`?"),
        ({"colour": "blue"}, "There is no setting `colour` here. Take it out."),
        ({"databse": "x", "database": None}, "There is no setting `databse` here. Did you mean `database`?"),
        ({"port": 8443}, "`port` and `management_port` are the same."),
    ],
)
def test_a_missing_or_unknown_setting_is_told_as_what_it_is(
    changes: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    """A name that does not exist comes first: it is why the right one is missing."""
    with pytest.raises(SettingsProblem) as told:
        read_settings(BrokerSettings, written(tmp_path, **changes), {})
    assert str(told.value).startswith(sentence)


@pytest.mark.parametrize(
    ("database", "other", "url"),
    [
        ("sqlite:///a.sqlite", "subject_keys", "sqlite:///./x/../a.sqlite"),
        ("sqlite:///a.sqlite", "register_url", "sqlite:///a.sqlite"),
        ("postgresql+psycopg://a@db/x", "subject_keys", "postgresql+psycopg://b:geheim-woord@db:5432/x"),
        ("postgresql+psycopg://a@db/x", "register_url", "postgresql://b@db/x"),
    ],
)
def test_every_store_is_a_place_of_its_own(database: str, other: str, url: str, tmp_path: Path) -> None:
    """However the address is written, and whoever makes the settings; the sentence shows no secret."""
    changes = {**NODE, "database": database, other: url}
    with pytest.raises(SettingsProblem, match=f"`{other}` and `.*` name the same database") as told:
        read_settings(NodeSettings, written(tmp_path, **changes), {})
    with pytest.raises(ValueError, match="name the same database") as made:
        NodeSettings(**{**GOOD, **changes})
    assert "geheim-woord" not in f"{told.value} {made.value}"


def test_a_node_says_whose_it_is(tmp_path: Path) -> None:
    """What is no code is no kind of partner."""
    with pytest.raises(SettingsProblem, match="`partner` is wrong"):
        read_settings(NodeSettings, written(tmp_path, **{**NODE, "partner": "De Raad"}), {})


@pytest.mark.parametrize("text", ["keys = ", "[", "= 1", "\x00"])
def test_a_file_that_is_no_toml_is_named(text: str, tmp_path: Path) -> None:
    """By its name only, not with its folder."""
    path = tmp_path / "broker.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsProblem, match=r"broker\.toml is not TOML"):
        read_settings(BrokerSettings, path, {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """And the way to name another."""
    with pytest.raises(SettingsProblem, match="--settings"):
        read_settings(BrokerSettings, tmp_path / "none.toml", {})


def test_what_is_printed_shows_no_secret(tmp_path: Path) -> None:
    """Neither in the list, nor when a setting is shown by accident."""
    settings = read_settings(BrokerSettings, written(tmp_path), {})
    shown = printed(settings)
    assert shown["database"] == shown["subject_keys"] == "**********"
    assert shown["port"] == "8000"
    for text in (str(shown), str(settings), repr(settings)):
        assert "geheim-woord" not in text
