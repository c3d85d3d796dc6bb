"""The five reference adapters: how a register's rows become candidate answers."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

from adapters.partners import om, politie, reclassering, rvdk, veilig_thuis
from adapters.partners.adapter import Adapter, Asked, Finding, Reading, RegisterAdapter, RegisterUnavailable
from adapters.registers.csv_register import CsvRegister
from adapters.registers.register import Register
from adapters.registers.rest_register import RestRegister
from adapters.registers.sql_register import SqlRegister
from adapters.registers.thresholds import Thresholds

__all__ = ["Adapter", "Asked", "Finding", "RegisterUnavailable", "adapter_for"]

_READINGS: dict[str, dict[str, Reading]] = {
    "reclassering": reclassering.READINGS,
    "rvdk": rvdk.READINGS,
    "politie": politie.READINGS,
    "om": om.READINGS,
    "veilig_thuis": veilig_thuis.READINGS,
}


def adapter_for(
    partner: str, register_url: str, *, thresholds: Thresholds, today: Callable[[], date]
) -> RegisterAdapter:
    """The reference adapter of a partner over its register.

    `register_url`: a database (`sqlite:///…`, `postgresql://…`) for reclassering, om and veilig_thuis; the
    service (`https://node:TOKEN@host`) for rvdk; the folder of extracts (`file:///…`) for politie. Raises
    RegisterUnavailable for an address that cannot be used and ValueError for a partner that is not known.
    """
    register: Register
    match partner:
        case "reclassering" | "om" | "veilig_thuis":
            shape = {"reclassering": reclassering.SHAPE, "om": om.SHAPE, "veilig_thuis": veilig_thuis.SHAPE}[
                partner
            ]
            register = SqlRegister(register_url, shape, crowd=thresholds.crowd, today=today)
        case "rvdk":
            register = RestRegister(register_url, rvdk.records)
        case "politie":
            folder = urlsplit(register_url)
            if folder.scheme != "file" or folder.netloc:
                raise RegisterUnavailable("the register's address is no file URL of a folder")
            register = CsvRegister(
                Path(unquote(folder.path)), politie.SHAPE, crowd=thresholds.crowd, today=today
            )
        case _:
            raise ValueError("there is no reference adapter for this partner")
    always = om.ALWAYS if partner == "om" else {}
    return RegisterAdapter(
        partner, register, _READINGS[partner], thresholds=thresholds, today=today, always=always
    )
