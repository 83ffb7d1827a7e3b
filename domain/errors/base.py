"""The root of all refusals and their kinds; each kind has one HTTP status."""

from typing import ClassVar


class Rejected(Exception):
    """A business rule rejected the command; `code` is public and stable, the message says what to do."""

    code: ClassVar[str] = "rejected"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details = details


class Invalid(Rejected):
    """The command is invalid, whatever the state."""

    code = "invalid"


class NotFound(Rejected):
    """The thing does not exist, or the account may not see it."""

    code = "not_found"


class Forbidden(Rejected):
    """The account may see the thing but not do this."""

    code = "forbidden"


class ChangedMeanwhile(Rejected):
    """The thing has changed since the version the client read."""

    code = "changed_meanwhile"


class Conflict(Rejected):
    """The command is valid but the present state does not allow it."""

    code = "impossible"
