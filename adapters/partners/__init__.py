"""The five reference adapters: how a register's rows become candidate answers."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

from adapters.partners import om, politie, reclassering, rvdk, veilig_thuis
from adapters.partners.adapter import (
    Adapter,
    Asked,
    Finding,
    RecordReading,
    RegisterAdapter,
    RegisterUnavailable,
    verify_questions,
)
from adapters.registers.csv_register import CsvRegister
from adapters.registers.register import Register
from adapters.registers.rest_register import RestRegister
from adapters.registers.sql_register import SqlRegister
from adapters.registers.thresholds import Thresholds

__all__ = [
    "REGISTER_URLS",
    "Adapter",
    "Asked",
    "Finding",
    "RegisterUnavailable",
    "adapter_for",
    "verify_questions",
]

_DATABASE = "sqlite:///folder/file or postgresql+psycopg://account@host/database"
REGISTER_URLS: dict[str, str] = {
    "reclassering": _DATABASE,
    "rvdk": "https://node:TOKEN@host",
    "politie": "file:///folder",
    "om": _DATABASE,
    "veilig_thuis": _DATABASE,
}
"""How the address of a partner's register is written: a database, a service, a folder of extracts."""

_READINGS: dict[str, dict[str, RecordReading]] = {
    "reclassering": reclassering.READINGS,
    "rvdk": rvdk.READINGS,
    "politie": politie.READINGS,
    "om": om.READINGS,
    "veilig_thuis": veilig_thuis.READINGS,
}


def adapter_for(
    partner: str,
    register_url: str,
    *,
    thresholds: Thresholds,
    today: Callable[[], date],
    max_age_days: int = 2,
) -> RegisterAdapter:
    """The reference adapter of a partner over its register.

    `register_url` as in `REGISTER_URLS`; `max_age_days`: how old its data may be, in working days. Raises
    RegisterUnavailable for an address of another form and ValueError for a partner that is not known.
    """
    if partner not in _READINGS:
        raise RegisterUnavailable(
            f"There is no reference adapter for the kind {partner}, only for {', '.join(sorted(_READINGS))}. "
            "Mend the setting `partner`, or run the node with an adapter of your own."
        )
    try:
        register = _register(partner, register_url, today, max_age_days)
    except RegisterUnavailable:
        raise RegisterUnavailable(
            f"The setting `register_url` must be like {REGISTER_URLS[partner]} for {partner}."
        ) from None
    return RegisterAdapter(
        partner,
        register,
        _READINGS[partner],
        thresholds=thresholds,
        today=today,
        always=om.ALWAYS if partner == "om" else {},
        looks_back=politie.LOOKS_BACK,
    )


def _register(partner: str, register_url: str, today: Callable[[], date], max_age_days: int) -> Register:
    match partner:
        case "reclassering" | "om" | "veilig_thuis":
            shape = {"reclassering": reclassering.SHAPE, "om": om.SHAPE, "veilig_thuis": veilig_thuis.SHAPE}[
                partner
            ]
            return SqlRegister(register_url, shape, today=today, max_age_days=max_age_days)
        case "rvdk":
            return RestRegister(register_url, rvdk.records, today=today, max_age_days=max_age_days)
        case "politie":
            folder = urlsplit(register_url)
            if folder.scheme != "file" or folder.netloc:
                raise RegisterUnavailable("the register's address is no file URL of a folder")
            return CsvRegister(
                Path(unquote(folder.path)), politie.SHAPE, today=today, max_age_days=max_age_days
            )
        case _:
            raise ValueError("there is no reference adapter for this partner")
