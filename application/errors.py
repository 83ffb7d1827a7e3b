"""Errors that are not refusals of the domain.

ApiError
├── Unauthenticated    no access token, or one that is forged, expired or of an unknown key (401)
├── WrongCredentials   the address and the password do not belong together (401)
├── ForeignOrigin      another site's page sent a request with our cookie (403)
├── TooManyAttempts    too many failed logins or requests (429)
├── TooManyWatchers    a client has too many open event streams (429)
├── BodyTooLarge       the body exceeds the route's limit (413)
├── BodyTooSlow        the body was not received in time (408)
├── HeaderTooLarge     a header exceeds its limit (431)
├── Malformed          not JSON, or a text that cannot be stored (422)
├── Busy               too many requests wait, or the actor's rights keep changing (503)
└── Behind             the read model has not reached `min_position` yet (503)
"""


class ApiError(Exception):
    """Base class of these errors."""


class Unauthenticated(ApiError):
    """The request has no valid access token."""


class WrongCredentials(ApiError):
    """The address and the password do not belong together; the message does not disclose which one is wrong."""

    def __init__(self) -> None:
        super().__init__("The address and the password do not belong together.")


class ForeignOrigin(ApiError):
    """A browser sent our cookie with a request from another site."""


class TooManyAttempts(ApiError):
    """Too many failed attempts in the last period."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("Too many attempts; wait before the next one.")
        self.retry_after_seconds = retry_after_seconds


class TooManyWatchers(ApiError):
    """A client has as many open event streams as it may have."""

    retry_after_seconds = 30

    def __init__(self, watchers_max: int) -> None:
        super().__init__(f"One client may watch {watchers_max} seat maps at once; close some.")


class BodyTooLarge(ApiError):
    """The body exceeds the route's limit."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"The body may be at most {bytes_max} bytes long.")


class BodyTooSlow(ApiError):
    """The body was not received in time."""

    def __init__(self, seconds_max: float) -> None:
        super().__init__(f"The body must arrive within {seconds_max:g} seconds; send it faster, or send less.")


class HeaderTooLarge(ApiError):
    """A header exceeds its limit."""

    def __init__(self, name: str, bytes_max: int) -> None:
        super().__init__(f"The header {name} may be at most {bytes_max} bytes long; shorten it.")


class Malformed(ApiError):
    """The request cannot be parsed."""


class Busy(ApiError):
    """Too many requests wait, or the actor's rights keep changing."""


class Behind(ApiError):
    """The read model did not reach `min_position` in time."""
