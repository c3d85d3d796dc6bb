"""A partner's software, as the demo plays it: it signs in, and calls the partner's own node over HTTP. It
uses nothing of ours.
"""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

Json = dict[str, Any]


class Refused(Exception):
    """The node named a problem: its status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class DemoCaller(ABC):
    """Somebody of one partner in one role, calling the partner's own node."""

    @abstractmethod
    def call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        """The body of the response. Raises Refused."""

    def get(self, path: str) -> Any:
        return self.call("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self.call("POST", path, body)

    def put(self, path: str) -> Any:
        return self.call("PUT", path, None)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path, None)

    def until(self, path: str, done: Callable[[Json], bool], within_s: float = 30) -> Json:
        """Looks again until it is done, or the time is over; the last state."""
        ends = time.monotonic() + within_s
        while True:
            state: Json = self.get(path)
            if done(state) or time.monotonic() > ends:
                return state
            time.sleep(0.2)


class HttpCaller(DemoCaller):
    def __init__(self, node: str, token: str) -> None:
        self._node = node
        self._token = token

    def call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        return _call(method, self._node + path, body, self._token)


def sign_in(address: str, role: str, number: int = 1) -> str:
    """An access token from the demo's identity provider, for the first or another person in this role."""
    return str(_call("POST", address, {"role": role, "number": number}, None)["access_token"])


def _call(method: str, url: str, body: Mapping[str, Any] | None, token: str | None) -> Any:
    headers = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, headers, method=method), timeout=30) as response:  # noqa: S310 - loopback
            content = response.read()
            return json.loads(content) if content else None
    except HTTPError as error:
        problem = json.loads(error.read() or b"{}")
        raise Refused(error.code, str(problem.get("code"))) from None
