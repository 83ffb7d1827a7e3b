"""Structured logs: one JSON object a line on standard error.

Of an exception the class and the stack frames are logged, never the message: it may quote personal data.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

FRAMES_MAX = 30
Fields = MutableMapping[str, Any]


def configure_logs(level: int = logging.INFO) -> None:
    """Format the log entries of this program and of the libraries alike, and write them to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact_exception_message,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def redact_exception_message(_logger: object, _method: str, fields: Fields) -> Fields:
    """Replace an exception in a log entry by its class, the classes of its causes and its last frames."""
    info = fields.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        fields["error"] = type(error).__qualname__
        fields["causes"] = [type(cause).__qualname__ for cause in causes(error)]
        fields["frames"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
        ]
    return fields


def causes(error: BaseException) -> list[BaseException]:
    """Return the chain of an exception's causes and contexts, the nearest first."""
    found: list[BaseException] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found
