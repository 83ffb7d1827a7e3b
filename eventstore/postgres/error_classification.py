"""Maps PostgreSQL errors to the event store's errors."""

import psycopg
from psycopg import errors

from eventstore.errors import BatchRefused, ClockBehind, EventStoreError, OutcomeUnknown, StoreUnavailable

CLOCK_BEHIND_SQLSTATE = "SL002"

# The statement was rolled back for a reason outside itself: it may be sent again.
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

# The database is not ready: it is empty because a dump is being restored into it, or it is a standby.
DATABASE_NOT_READY: tuple[type[psycopg.Error], ...] = (
    errors.UndefinedTable,
    errors.UndefinedFunction,
    errors.UndefinedObject,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
    errors.ReadOnlySqlTransaction,
)

RETRYABLE_ERRORS: tuple[type[psycopg.Error], ...] = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    *DATABASE_NOT_READY,
)
"""Errors unrelated to the statement: it may be sent again, to whichever server answers then."""


def classify(error: psycopg.Error, *, alive: bool) -> EventStoreError:
    """Return the error to raise for a failed append.

    Args:
        alive: the connection still works, so the server has rolled the batch back.
    """
    if not alive:
        return OutcomeUnknown(f"the connection was lost before a verdict was received: {error}")
    if error.sqlstate == CLOCK_BEHIND_SQLSTATE:
        return ClockBehind(error.diag.message_primary or str(error))
    if isinstance(error, (*TRANSIENT, *DATABASE_NOT_READY)):
        return StoreUnavailable(f"the server could not take the batch: {error}")
    return BatchRefused(f"the server refused the batch: {error}")
