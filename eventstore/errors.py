"""Errors between a command and the log.

EventStoreError
├── StoreUnavailable      nothing was sent; retry later
├── OutcomeUnknown        sent, but no verdict received; only the same batch may be sent again
├── LogRestored           the log is not the one that was read before; it was restored
├── ClockBehind           the server's clock is behind the last event; nothing was written, an operator must act
├── ClockNotAcceptable       the server's clock is not far enough behind for refusals, or too far to be accepted
├── BatchRefused          the server refused the whole batch; nothing was written
├── ServerTooOld          PostgreSQL is older than the oldest supported version
├── MigrationRefused      the applied migrations differ from those of this program
├── Overloaded            the queue is full; nothing was sent
├── ClientDisconnected             the client disconnected before the command was sent
├── Unencodable           an event cannot be stored (NUL, lone surrogate, naive time, name too long)
│   └── CommandTooLarge           a command has more events, streams or bytes than one append accepts
├── UnknownEvent          a stored name, schema version or field is unknown to this program
├── Unexportable          an event cannot be written in the requested format
├── UnreadableLog         the log holds events that this program cannot read; it refuses to start
├── CommandIdReused         one command id was used for two different requests
├── RefusedMeanwhile      another attempt of the same command was refused while this one was in progress
└── VersionConflict       a command met newer versions on every try
"""


class EventStoreError(Exception):
    """Base class of the event store's errors."""


class StoreUnavailable(EventStoreError):
    """The server cannot be reached or does not answer; nothing was sent."""


class OutcomeUnknown(EventStoreError):
    """A batch was sent and no verdict was received."""


class LogRestored(EventStoreError):
    """The log ends before what was read from it, or holds another event there: it was restored or replaced."""


class ClockBehind(EventStoreError):
    """The server's clock is more than two seconds behind the last recorded event."""


class ClockNotAcceptable(EventStoreError):
    """The server's clock is not behind the last event, or too far behind to be accepted."""


class BatchRefused(EventStoreError):
    """The server refused the batch as a whole; none of it was written."""


class ServerTooOld(EventStoreError):
    """PostgreSQL is older than the oldest supported version."""


class MigrationRefused(EventStoreError):
    """The migrations recorded in the database are not the first ones of this program."""


class ClientDisconnected(EventStoreError):
    """The client disconnected before its command was sent."""


class Overloaded(EventStoreError):
    """The queue of commands is full."""


class Unencodable(EventStoreError):
    """An event cannot be stored as it is."""


class CommandTooLarge(Unencodable):
    """A command would record more than one append accepts."""


class UnknownEvent(EventStoreError):
    """A stored event has a name, version or field that this program does not have."""


class Unexportable(EventStoreError):
    """An event cannot be written in a format."""


class UnreadableLog(EventStoreError):
    """The log holds an event name and schema version that this program cannot read."""


class VersionConflict(EventStoreError):
    """A command met newer versions on every one of its tries."""


class RefusedMeanwhile(EventStoreError):
    """Another attempt of the command was refused after this one was requested; nothing was written."""


class CommandIdReused(EventStoreError):
    """A command id was used again with another request body."""
