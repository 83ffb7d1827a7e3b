"""What can go wrong with a server, each with a sentence that says what to do.

EmbeddedServerError
├── DataInUse           another seatledger runs on this folder
├── ServerDidNotStart   the server ended, or gave no answer, before it was ready
└── ServerTooOld        the version lacks something the engine relies on
"""


class EmbeddedServerError(Exception):
    """A server can't be used as asked."""


class DataInUse(EmbeddedServerError):
    """Another process keeps its data in this folder."""


class ServerDidNotStart(EmbeddedServerError):
    """The server ended, or gave no answer, before it was ready."""


class ServerTooOld(EmbeddedServerError):
    """The server's version lacks something the engine relies on."""
