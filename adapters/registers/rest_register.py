"""A register behind an HTTP service, with typed requests as Haal Centraal has them.

- One request per inquiry: `POST /personen` with `{"type": "ZoekMetStatutaireSet", "zoekvragen": […]}`; the
  response has one `resultaten` element per search, each with all `personen` that might be meant and their
  `dossiers`. Persons never stand in a URL.
- One HTTP client per process, made at the first question; connections and the TLS context are kept. No
  redirects, cookies or proxies.
- Time and size are bounded. Anything but a whole response in the agreed shape is RegisterUnavailable.
- The token of the service stands in the address as its password (`https://node:TOKEN@host`) and is sent as a
  bearer token, never in a URL.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from adapters.registers.reading import Spot, mark, read_person, tell_odd, verify_fresh
from adapters.registers.register import (
    Candidates,
    Found,
    Person,
    Record,
    RegisterUnavailable,
    RegisterUnreadable,
)
from contract.identity import Identity
from party import trace

SEARCH = "ZoekMetStatutaireSet"
_LARGEST = 4 * 1024 * 1024


class RestRegister:
    def __init__(
        self,
        address: str,
        records: Callable[[Mapping[str, Any]], Iterable[Record]],
        *,
        today: Callable[[], date],
        max_age_days: int = 2,
        timeout_s: float = 5.0,
    ) -> None:
        """`records` makes the records of one person of the response, and raises ValueError, KeyError or
        TypeError for what it does not know; `max_age_days`: working days. Raises RegisterUnavailable for an
        address that cannot be used.
        """
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise RegisterUnavailable("the register's address is no http or https URL")
        host = parts.netloc.rpartition("@")[2]
        self._url = f"{parts.scheme}://{host}{parts.path.rstrip('/')}/personen"
        self._headers = {"Authorization": f"Bearer {unquote(parts.password)}"} if parts.password else {}
        self._records = records
        self._today = today
        self._max_age_days = max_age_days
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._client: aiohttp.ClientSession | None = None

    async def find(self, identities: Sequence[Identity]) -> Found:
        body = {"type": SEARCH, "zoekvragen": [search_of(identity) for identity in identities]}
        content = await self._ask(json.dumps(body, ensure_ascii=False).encode())
        try:
            response = json.loads(content)
            results = [self._candidates(result) for result in response["resultaten"]]
            if response["type"] != SEARCH or len(results) != len(identities):
                raise ValueError
            as_of = date.fromisoformat(response["peildatum"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise RegisterUnreadable("the register's response is not in its agreed shape") from None
        verify_fresh(as_of, self._today(), self._max_age_days)
        return Found(as_of, tuple(results))

    async def close(self) -> None:
        if self._client:
            await self._client.close()

    async def _ask(self, body: bytes) -> bytes:
        if self._client is None:
            connector = aiohttp.TCPConnector(limit=16, keepalive_timeout=75)
            self._client = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        headers = {**self._headers, "Content-Type": "application/json", "Accept": "application/json"}
        traceparent = trace.header()
        if traceparent is not None:
            headers["traceparent"] = traceparent
        try:
            async with self._client.post(
                self._url, data=body, headers=headers, allow_redirects=False, timeout=self._timeout
            ) as response:
                if response.status != 200:
                    raise RegisterUnavailable(f"the register answered with status {response.status}")
                return await _bounded(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RegisterUnavailable(f"the register cannot be reached: {type(error).__name__}") from None

    def _candidates(self, result: Mapping[str, Any]) -> Candidates:
        return Candidates(
            tuple(self._person(person) for person in result["personen"]),
            mark(result, "teVeel", yes=True, no=False),
        )

    def _person(self, person: Mapping[str, Any]) -> Person:
        marks = {
            "deceased": mark(person, "overleden", yes=True, no=False),
            "shielded": mark(person, "afgeschermd", yes=True, no=False),
            "in_doubt": mark(person, "inOnderzoek", yes=True, no=False),
        }
        records: frozenset[Record] = frozenset()
        odd = False
        try:
            records = frozenset(self._records(person))
        except (ValueError, KeyError, TypeError, AttributeError):
            odd = True
        key = person["nummer"]
        if not isinstance(key, str) or not key:
            raise ValueError
        read, place = read_person(key, _values_of(person), records, marks, odd=odd)
        if read.unreadable:
            tell_odd([Spot("service", column=place or "record")], 1)
        return read


def _values_of(person: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an identity, as far as they are there."""
    try:
        return vars(identity_of(person))
    except (ValueError, KeyError, TypeError, AttributeError):
        name = person.get("naam")
        texts = name if isinstance(name, dict) else {}
        return {"surname": texts.get("geslachtsnaam"), "given_names": texts.get("voornamen")}


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for part in response.content.iter_chunked(64 * 1024):
        content += part
        if len(content) > _LARGEST:
            raise RegisterUnreadable("the register's response is larger than it may be")
    return bytes(content)


def search_of(identity: Identity) -> dict[str, Any]:
    """An identity as the service writes it; also how it writes the identity of a person it found."""
    return {
        "naam": {
            "voornamen": identity.given_names,
            "voorvoegsel": identity.prefix,
            "geslachtsnaam": identity.surname,
            "geslachtsnaamPartner": identity.partner_surname,
        },
        "geboorte": {"datum": _date_of(identity.birth_date)},
        "verblijfplaats": {"postcode": identity.postcode, "huisnummer": identity.house_number},
    }


def identity_of(person: Mapping[str, Any]) -> Identity:
    """The identity in what `search_of` writes. Raises KeyError, TypeError or ValueError."""
    name, address = person["naam"], person["verblijfplaats"]
    values = {
        "surname": name["geslachtsnaam"],
        "given_names": name["voornamen"],
        "prefix": name["voorvoegsel"],
        "partner_surname": name["geslachtsnaamPartner"],
        "postcode": address["postcode"],
        "house_number": address["huisnummer"],
    }
    if not all(isinstance(value, str) for value in values.values()):
        raise TypeError
    return Identity(birth_date=_date_in(person["geboorte"]["datum"]), **values)


def _date_of(birth_date: str) -> dict[str, Any]:
    year, month, day = birth_date.split("-")
    if day != "00":
        return {"type": "Datum", "datum": birth_date}
    if month != "00":
        return {"type": "JaarMaandDatum", "jaar": int(year), "maand": int(month)}
    return (
        {"type": "JaarDatum", "jaar": int(year)}
        if year != "0000"
        else {"type": "DatumOnbekend", "onbekend": True}
    )


def _date_in(value: Mapping[str, Any]) -> str:
    match value:
        case {"type": "Datum", "datum": str(text)}:
            return date.fromisoformat(text).isoformat()
        case {"type": "JaarMaandDatum", "jaar": int(year), "maand": int(month)}:
            return f"{year:04}-{month:02}-00"
        case {"type": "JaarDatum", "jaar": int(year)}:
            return f"{year:04}-00-00"
        case {"type": "DatumOnbekend"}:
            return "0000-00-00"
        case _:
            raise ValueError
