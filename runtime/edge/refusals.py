"""The reasons for which the edge closes connections, and their responses."""

from enum import Enum
from http import HTTPStatus

from api.http.problems import ProblemCode, problem

RETRY_AFTER_SECONDS = 1
RETRYABLE = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Refusal(Enum):
    """The name in the metrics; then status, code and detail of the response, if there is one."""

    MALFORMED = ("malformed", 400, ProblemCode.MALFORMED, "The request is not valid HTTP/1.1 (RFC 9112).")
    URL_TOO_LONG = ("url_too_long", 414, ProblemCode.URL_TOO_LONG, "The request target is too long; shorten it.")
    HEAD_TOO_LARGE = ("head_too_large", 431, ProblemCode.HEADER_TOO_LARGE, "The headers are too long; send fewer.")
    OVERHEAD = ("overhead", 400, ProblemCode.MALFORMED, "The body has more framing than content; send larger chunks.")
    PIPELINED = ("pipelined", 400, ProblemCode.MALFORMED, "Too many pipelined requests; wait for their responses.")
    HEAD_SLOW = ("head_slow", 408, ProblemCode.REQUEST_TOO_SLOW, "The headers did not arrive in time; send them again.")
    BODY_SLOW = ("body_slow", 408, ProblemCode.BODY_TOO_SLOW, "The body arrives too slowly; send it again.")
    SILENT = ("silent",)
    IDLE = ("idle",)
    ANSWERED = ("answered",)
    ANSWER_NOT_TAKEN = ("answer_not_taken",)
    CLIENT_FULL = (
        "client_full",
        429,
        ProblemCode.TOO_MANY_CONNECTIONS,
        "Too many connections of this client.",
    )
    FULL = ("full", 503, ProblemCode.BUSY, "The server has too many connections; retry shortly.")

    def __init__(
        self, reason: str, status: int | None = None, code: ProblemCode | None = None, detail: str = ""
    ) -> None:
        self.reason = reason
        self.status = status
        self.code = code
        self.detail = detail

    def answer(self) -> bytes:
        """Return the response as bytes; empty if there is none."""
        if self.status is None or self.code is None:
            return b""
        headers = {"Connection": "close"}
        if self.status in RETRYABLE:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        response = problem(self.status, self.code, self.detail, headers=headers)
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
        status_line = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode()
        return status_line + lines + b"\r\n" + bytes(response.body)
