"""The settings that every party has: one prefix, from a TOML file and the environment (the environment
wins), secrets also from files.

What is missing or wrong stops the start with one sentence that says what to do; a printed setting never
shows a secret.
"""

import ssl
import tomllib
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError


class SettingsProblem(Exception):
    """A setting that is missing or wrong. The text says which, and what to do; `setting`: its name, if it is
    about one.
    """

    def __init__(self, text: str, setting: str | None = None) -> None:
        super().__init__(text)
        self.setting = setting


class PartySettings(BaseSettings):
    """What the broker and every node need. Durations in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="GRONDSLAG_", extra="forbid", frozen=True, hide_input_in_errors=True
    )
    stores: ClassVar[tuple[str, ...]] = ("database", "subject_keys")
    """The settings that name where data are kept: each another place."""

    demo: bool = Field(
        False,
        description="Accept keys and a directory made for the demo. Never with data of real persons.",
    )
    demo_clock: Path | None = Field(
        None, description="File with the seconds that the clock is ahead; only with `demo`."
    )
    keys: Path = Field(description="File with the party's own private keys; made with `grondslag init keys`.")
    directory: Path = Field(
        description="File with all parties and their public keys; made with `grondslag init directory`."
    )
    database: SecretStr = Field(
        description="SQLAlchemy URL of the party's own database: sqlite or postgresql+psycopg."
    )
    subject_keys: SecretStr = Field(
        description="SQLAlchemy URL of the database with the keys of sealed parts; apart, with short backups."
    )
    release: Path | None = Field(
        None,
        description="Folder of the hand-out that a new party begins with; the packaged one if left out. "
        "Later releases are agreed on between the partners.",
    )
    tables: Path | None = Field(
        None,
        description="Folder in which whole tables of releases are kept, so that each is worked out once.",
    )
    policy_engine: Literal["embedded", "server", "server_alone"] = Field(
        "embedded",
        description="Decide in this process, or by an OPA server and in this process, where only what both "
        "say counts; `server_alone` believes the server, for where the engine of this process has to go.",
    )
    opa_url: str = Field(
        "http://127.0.0.1:8181",
        description="Where the OPA server is, when `policy_engine` is not `embedded`.",
    )
    opa_bundle: Path | None = Field(
        None,
        description="File in which the release in force is put for the party's own OPA server, signed with "
        "the party's key; without it, somebody gives each release to OPA by hand.",
    )
    opa_token: SecretStr | None = Field(None, description="Bearer token for the OPA server.")
    opa_timeout_s: float = Field(0.5, gt=0, le=60, description="How long the OPA server may take for a call.")
    certificate: Path | None = Field(
        None, description="Our client certificate (PEM) for calls to other parties; with its chain."
    )
    certificate_key: Path | None = Field(None, description="Private key (PEM) of `certificate`.")
    authorities: Path | None = Field(
        None,
        description="Authorities (PEM) of those we call; those of this machine are believed if left out.",
    )
    host: str = Field(
        "127.0.0.1", description="Address to listen on; the proxy in front of it is the only caller."
    )
    port: int = Field(8000, ge=1, le=65535, description="Port of the API.")
    management_port: int = Field(
        8443, ge=1, le=65535, description="Port for health and metrics; never through the public proxy."
    )
    obligations_every_s: float = Field(
        60, gt=0, le=3600, description="How often the party looks after the duties to inform."
    )
    keep_entries: timedelta = Field(
        timedelta(days=1_827),
        ge=timedelta(days=1_461),
        le=timedelta(days=7_305),
        description="How long the entries of a case are kept after its last one, as an ISO 8601 duration "
        "(K1: P1827D is five years; the law asks for four at least).",
    )
    stop_within_s: float = Field(
        20, gt=0, le=120, description="How long requests may finish after a stop was asked."
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.demo_clock is not None and not self.demo:
            raise ValueError("`demo_clock` is for a demo alone. Leave it out.")
        if self.port == self.management_port:
            raise ValueError(
                "`port` and `management_port` are the same. Give each its own; a proxy knows one."
            )
        places: dict[object, str] = {}
        for name in self.stores:
            other = places.setdefault(_place(getattr(self, name).get_secret_value()), name)
            if other != name:
                raise ValueError(f"`{name}` and `{other}` name the same database. Give each its own.")
        return self

    def tls(self) -> ssl.SSLContext:
        """How we call others over https: TLS 1.2 or newer, their names checked, our certificate shown.

        Raises SettingsProblem.
        """
        try:
            context = ssl.create_default_context(cafile=self.authorities)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.certificate_key, password=_no_password)
        except (OSError, ValueError):
            raise SettingsProblem(
                "The files named by `certificate`, `certificate_key` and `authorities` cannot be used. "
                "They are PEM, the key is of the certificate and has no password."
            ) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)


def _place(url: str) -> object:
    """Where a URL points, however it is written; itself when it is no URL of a database."""
    try:
        place = make_url(url)
    except SQLAlchemyError:
        return url
    if place.get_backend_name() == "sqlite":
        return Path(place.database or "").resolve()
    return place.get_backend_name(), place.host, place.port or 5432, place.database


def _no_password() -> str:
    raise ValueError("a key with a password")


S = TypeVar("S", bound=PartySettings)


def read_settings(kind: type[S], path: Path | None, environment: dict[str, str]) -> S:
    """The settings from this file and this environment; `GRONDSLAG_X_FILE` names a file that holds the value
    of X.

    Raises SettingsProblem.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError:
            raise SettingsProblem(
                f"There is no readable settings file {path.name}. Name one with --settings."
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise SettingsProblem(f"The settings file {path.name} is not TOML: {error}.") from None
    for name in kind.model_fields:
        source = environment.get(f"GRONDSLAG_{name.upper()}_FILE")
        if source is not None:
            try:
                values[name] = Path(source).read_text(encoding="utf-8").strip()
            except OSError:
                raise SettingsProblem(
                    f"The file named by GRONDSLAG_{name.upper()}_FILE cannot be read."
                ) from None
    try:
        return kind(**values)
    except ValidationError as error:
        raise _told(kind, error) from None


def _told(kind: type[PartySettings], error: ValidationError) -> SettingsProblem:
    rows = error.errors(include_input=False, include_url=False)
    # a name that does not exist explains why another one is missing
    row = next((one for one in rows if one["type"] == "extra_forbidden"), rows[0])
    if not row["loc"]:
        return SettingsProblem(str(row["ctx"]["error"]))
    name = str(row["loc"][0])
    if row["type"] == "extra_forbidden":
        [*near] = get_close_matches(name, kind.model_fields, 1)
        advice = f"Did you mean `{near[0]}`?" if near else "Take it out."
        return SettingsProblem(f"There is no setting `{name}` here. {advice}", name)
    wrong = "is missing" if row["type"] == "missing" else f"is wrong: {row['msg']}"
    return SettingsProblem(
        f"The setting `{name}` {wrong}. It is: {kind.model_fields[name].description} "
        f"Set it in the file or as GRONDSLAG_{name.upper()}.",
        name,
    )


def printed(settings: PartySettings) -> dict[str, str]:
    """Every setting as text, secrets starred."""
    return {name: str(getattr(settings, name)) for name in type(settings).model_fields}
