"""Raises the limit of open files, because the usual soft limit is too low for thousands of connections."""

import resource

import structlog

_log = structlog.get_logger(__name__)


def allow_open_files(wanted: int) -> int:
    """Raise the soft limit of open files to `wanted`, or to the hard limit if that is lower; return the soft limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < reachable:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
        soft = reachable
    if soft != resource.RLIM_INFINITY and soft < wanted:
        _log.warning("the limit of open files is low: raise the hard limit (ulimit -Hn)", allowed=soft, wanted=wanted)
    return soft
