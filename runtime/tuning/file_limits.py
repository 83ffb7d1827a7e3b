"""How many files and connections a process may have open; what systems allow at first is too little for a crowd."""

import resource

import structlog

_log = structlog.get_logger(__name__)


def allow_open_files(wanted: int) -> int:
    """Let this process open so many, or as many as it may without being root; return how many it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < reachable:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
        soft = reachable
    if soft != resource.RLIM_INFINITY and soft < wanted:
        _log.warning("few files may be open at once: raise the hard limit (ulimit -Hn)", allowed=soft, wanted=wanted)
    return soft
