"""What the API itself refuses, before or beside the business.

ApiError
├── Unauthenticated    no access token, or one that is forged, expired or of an unknown key (401)
├── WrongCredentials   the address and the password do not belong together (401)
├── ForeignOrigin      a cookie was sent along by another site's page (403)
├── TooManyAttempts    guessing is slowed down (429)
├── TooManyWatchers    one client watches as much as one may (429)
├── BodyTooLarge       more bytes than the route takes (413)
├── BodyTooSlow        the body did not come in time (408)
├── HeaderTooLarge     a header is longer than is read (431)
├── Malformed          not JSON, or text that cannot be stored (422)
├── Busy               more is waiting than is admitted, or the sender's rights keep changing (503)
└── Behind             the read model has not reached `min_position` yet (503)
"""


class ApiError(Exception):
    """The root of what the API raises by itself."""


class Unauthenticated(ApiError):
    """Nobody is recognised."""


class WrongCredentials(ApiError):
    """The address and the password do not belong together; which of them is wrong is nobody's business."""

    def __init__(self) -> None:
        super().__init__("The address and the password do not belong together.")


class ForeignOrigin(ApiError):
    """A browser sent our cookie along with another site's request."""


class TooManyAttempts(ApiError):
    """Too many failures from here of late."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("Too many attempts; wait before the next one.")
        self.retry_after_seconds = retry_after_seconds


class TooManyWatchers(ApiError):
    """One client watches as much as one may."""

    retry_after_seconds = 30

    def __init__(self, watchers_max: int) -> None:
        super().__init__(f"One client may watch {watchers_max} seat maps at once; close some.")


class BodyTooLarge(ApiError):
    """The body is longer than the route takes."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"The body may be at most {bytes_max} bytes long.")


class BodyTooSlow(ApiError):
    """The body did not come in time."""

    def __init__(self, seconds_max: float) -> None:
        super().__init__(f"The body may take at most {seconds_max:g} seconds; send it faster, or less of it.")


class HeaderTooLarge(ApiError):
    """A header is longer than is read."""

    def __init__(self, name: str, bytes_max: int) -> None:
        super().__init__(f"The header {name} may be at most {bytes_max} bytes long; send less of it.")


class Malformed(ApiError):
    """The request cannot be read."""


class Busy(ApiError):
    """More requests are waiting than can be admitted."""


class Behind(ApiError):
    """What is read has not caught up with `min_position` in time."""
