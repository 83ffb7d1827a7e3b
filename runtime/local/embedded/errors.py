"""Errors of embedded servers; each message says what to do.

EmbeddedServerError
├── DataInUse           another process runs a server in this folder
├── ServerDidNotStart   the server ended or did not respond before it was ready
└── ServerTooOld        the version lacks a feature that Seatledger needs
"""

from runtime.errors import OperatorError


class EmbeddedServerError(OperatorError):
    """An embedded server cannot be used."""


class DataInUse(EmbeddedServerError):
    """Another process runs a server in this folder."""


class ServerDidNotStart(EmbeddedServerError):
    """The server ended or did not respond before it was ready."""


class ServerTooOld(EmbeddedServerError):
    """The server's version lacks a feature that Seatledger needs."""
