"""What can go wrong between a command and the log.

EventStoreError
├── StoreUnavailable      nothing was sent; try again later
├── OutcomeUnknown        sent, no verdict; only the same batch may be sent again
├── LogWentBack           the log is not the one that was read before; it was restored
├── ClockBehind           the server's clock is behind the last event; nothing was written, an operator must look
├── NothingToAccept       the server's clock is not so far behind that anything is refused, or too far
├── BatchRefused          the server refused the whole batch; nothing was written
├── ServerTooOld          a PostgreSQL that is older than the oldest we support
├── MigrationRefused      the database and this code's migrations do not belong together
├── Overloaded            the queue is full; nothing was sent
├── Abandoned             whoever asked hung up before anything was sent
├── Unencodable           an event cannot be stored (NUL, lone surrogate, naive time, a name that is too long)
│   └── TooMuch           a command of more events, streams or bytes than one append takes
├── UnknownEvent          a stored name, schema version or field that this code does not know
├── Unexportable          an event that the wanted format can't hold
├── UnreadableLog         the log holds events that this code can't read; it does not start
├── CommandReused         one command id for two different requests
├── RefusedMeanwhile      another attempt of the same command was refused while this one was under way
└── VersionConflict       a command lost the race too often
"""


class EventStoreError(Exception):
    """The root of everything the event store raises."""


class StoreUnavailable(EventStoreError):
    """The store cannot be asked; nothing was sent."""


class OutcomeUnknown(EventStoreError):
    """A batch was sent and no verdict came back."""


class LogWentBack(EventStoreError):
    """The log ends before what was read from it, or holds another event there: it was restored, or is another one."""


class ClockBehind(EventStoreError):
    """The server's clock is more than two seconds behind the last recorded event."""


class NothingToAccept(EventStoreError):
    """There is no clock that ran ahead, or one that ran too far to be accepted."""


class BatchRefused(EventStoreError):
    """The server refused the batch as a whole; nothing of it was written."""


class ServerTooOld(EventStoreError):
    """A PostgreSQL that is older than the oldest we support."""


class MigrationRefused(EventStoreError):
    """The migrations recorded in the database are not the beginning of those this code has."""


class Abandoned(EventStoreError):
    """Whoever asked for a command was gone before it was sent."""


class Overloaded(EventStoreError):
    """More commands are waiting than the queue admits."""


class Unencodable(EventStoreError):
    """An event that cannot be stored as it is."""


class TooMuch(Unencodable):
    """A command that would record more than one append takes."""


class UnknownEvent(EventStoreError):
    """An event in the log that this code has no name, version or field for."""


class Unexportable(EventStoreError):
    """An event that a format can't hold."""


class UnreadableLog(EventStoreError):
    """The log holds a name and schema version that this program has no way to read."""


class VersionConflict(EventStoreError):
    """A command met newer versions on every one of its tries."""


class RefusedMeanwhile(EventStoreError):
    """The command came to nothing elsewhere after this attempt was asked for; nothing was written."""


class CommandReused(EventStoreError):
    """A command id came back with another body."""
