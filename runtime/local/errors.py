"""Why a local installation cannot start or keep running; each message says what to do."""

from runtime.errors import OperatorError


class PortTaken(OperatorError):
    """Another program listens on the API's port."""


class DiskFull(OperatorError):
    """The disk is full."""


class ProcessExited(OperatorError):
    """A process could not be started or kept running."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part
