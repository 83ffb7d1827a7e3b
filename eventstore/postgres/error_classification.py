"""What a failed statement means for the batch it carried."""

import psycopg
from psycopg import errors

from eventstore.errors import BatchRefused, ClockBehind, EventStoreError, OutcomeUnknown, StoreUnavailable

CLOCK_BEHIND = "SL002"

# The statement was rolled back for a reason that has nothing to do with what it said: it may be sent again.
TRANSIENT = (
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.InsufficientResources,
    errors.DiskFull,
    errors.OutOfMemory,
    errors.TooManyConnections,
    errors.CannotConnectNow,
    errors.IoError,
)

# What answers is no database of ours, or not yet: an empty one that a dump is being restored into, or a standby.
UNPREPARED: tuple[type[psycopg.Error], ...] = (
    errors.UndefinedTable,
    errors.UndefinedFunction,
    errors.UndefinedObject,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
    errors.ReadOnlySqlTransaction,
)

OUT_OF_REACH: tuple[type[psycopg.Error], ...] = (psycopg.OperationalError, psycopg.InterfaceError, *UNPREPARED)
"""What says nothing about the statement: it may be sent again, to whatever answers then."""


def classify(error: psycopg.Error, *, alive: bool) -> EventStoreError:
    """Return what the caller of an append is to be told.

    Args:
        alive: the connection still works, so the server has said its last word and rolled back.
    """
    if not alive:
        return OutcomeUnknown(f"the connection was lost before a verdict came: {error}")
    if error.sqlstate == CLOCK_BEHIND:
        return ClockBehind(error.diag.message_primary or str(error))
    if isinstance(error, (*TRANSIENT, *UNPREPARED)):
        return StoreUnavailable(f"the server could not take the batch: {error}")
    return BatchRefused(f"the server refused the batch: {error}")
