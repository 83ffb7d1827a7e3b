"""Why a shop on one machine cannot be started or kept, each with a sentence that says what to do."""


class PortTaken(Exception):
    """Another program listens on the API's port."""


class NoRoom(Exception):
    """The disk is full."""


class ProcessExited(Exception):
    """A process could not be started, or could not be kept running."""

    def __init__(self, part: str, sentence: str) -> None:
        super().__init__(sentence)
        self.part = part
