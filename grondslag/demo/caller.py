"""A partner's software, as the demo plays it: it signs in, and calls the partner's own node over HTTP. It uses nothing of ours."""

import json
import time
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


class Caller:
    """Somebody of one partner in one role."""

    def __init__(self, node: str, issuer: str, partner: str, role: str) -> None:
        self._node = node
        self._token = _call("POST", f"{issuer}/{partner}/token", {"role": role}, None)["access_token"]

    def get(self, path: str) -> Any:
        return _call("GET", self._node + path, None, self._token)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return _call("POST", self._node + path, body or {}, self._token)

    def put(self, path: str) -> Any:
        return _call("PUT", self._node + path, {}, self._token)

    def delete(self, path: str) -> Any:
        return _call("DELETE", self._node + path, None, self._token)

    def until(self, path: str, done: Callable[[Json], bool], within_s: float = 30) -> Json:
        """Looks again until it is done, or the time is over; the last state."""
        ends = time.monotonic() + within_s
        while True:
            state: Json = self.get(path)
            if done(state) or time.monotonic() > ends:
                return state
            time.sleep(0.2)


def _call(method: str, url: str, body: Mapping[str, Any] | None, token: str | None) -> Any:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
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
