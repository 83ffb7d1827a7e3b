"""Why connections are ended, and what they are told where an answer can still be read."""

from enum import Enum
from http import HTTPStatus

from api.http.problems import ProblemCode, problem

AGAIN_SECONDS = 1
RETRIED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Refusal(Enum):
    """Its name in the metrics; then status, code and sentence of an answer, for those that have one."""

    MALFORMED = ("malformed", 400, ProblemCode.MALFORMED, "This is not HTTP/1.1 as RFC 9112 writes it.")
    URL_TOO_LONG = ("url_too_long", 414, ProblemCode.URL_TOO_LONG, "The address is too long; shorten it.")
    HEAD_TOO_LARGE = ("head_too_large", 431, ProblemCode.HEADER_TOO_LARGE, "The headers are too long; send fewer.")
    OVERHEAD = ("overhead", 400, ProblemCode.MALFORMED, "The body is framed by more than it holds; send larger chunks.")
    PIPELINED = ("pipelined", 400, ProblemCode.MALFORMED, "Too many requests are sent ahead; wait for their answers.")
    HEAD_SLOW = ("head_slow", 408, ProblemCode.REQUEST_TOO_SLOW, "The headers did not come in time; send them again.")
    BODY_SLOW = ("body_slow", 408, ProblemCode.BODY_TOO_SLOW, "The body comes too slowly; send it again.")
    SILENT = ("silent",)
    IDLE = ("idle",)
    ANSWERED = ("answered",)
    ANSWER_NOT_TAKEN = ("answer_not_taken",)
    CLIENT_FULL = ("client_full", 429, ProblemCode.TOO_MANY_CONNECTIONS, "Too many connections from here; close some.")
    FULL = ("full", 503, ProblemCode.BUSY, "Too many are connected; try again in a moment.")

    def __init__(
        self, reason: str, status: int | None = None, code: ProblemCode | None = None, detail: str = ""
    ) -> None:
        self.reason = reason
        self.status = status
        self.code = code
        self.detail = detail

    def answer(self) -> bytes:
        """Write it as an answer of its own; empty where there is none."""
        if self.status is None or self.code is None:
            return b""
        headers = {"Connection": "close"}
        if self.status in RETRIED:
            headers["Retry-After"] = str(AGAIN_SECONDS)
        response = problem(self.status, self.code, self.detail, headers=headers)
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
        begin = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode()
        return begin + lines + b"\r\n" + bytes(response.body)
