"""A process that has imported what the parts need and forks one for each launch: they share memory and start at once.

Run as `python -m runtime.local.supervision.fork_server DESCRIPTOR`, a socket. Its first message names the modules to
import; each
later one, of one byte, brings three descriptors: a channel for the order and the exit status, the leash (its
standard input), the log. The order is read by the child alone, so that the settings of one part never reach another;
for the same reason this process is started with an environment that holds no settings.
"""

import gc
import importlib
import json
import logging
import os
import runpy
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from runtime.local.embedded.supervisor import supervise
from runtime.local.supervision.heartbeats import beat_forever
from runtime.local.supervision.titles import end_with_parent, retitle

DESCRIPTORS = 3
MODULES_BYTES_MAX = 16 * 1024
ORDER_BYTES_MAX = 256 * 1024
STANDARD_OUTPUTS = (1, 2)
PRIVATE_UMASK = 0o077


def main() -> dict[str, Any] | None:
    """Fork for every message until the socket ends; in the process that shall run a part, return its order."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in json.loads(control.recv(MODULES_BYTES_MAX)):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the supervisors: their channels tell their end
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, DESCRIPTORS)
        if not message:
            return None
        if os.fork() == 0:
            control.close()
            return child(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def child(channel_descriptor: int, leash: int, log: int) -> dict[str, Any]:
    """Become a supervisor, which ends here; return the order in the process that shall run the part."""
    os.setsid()
    os.dup2(leash, 0)
    for standard in STANDARD_OUTPUTS:
        os.dup2(log, standard)
    os.close(leash)
    os.close(log)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    channel = socket.socket(fileno=channel_descriptor)
    socket.send_fds(channel, [str(os.getpid()).encode()], [own := os.pidfd_open(os.getpid())])
    os.close(own)
    order: dict[str, Any] = json.loads(channel.recv(ORDER_BYTES_MAX))
    supervisor = os.getpid()
    status = 1

    def start() -> int:
        pid = os.fork()
        if pid == 0:
            raise Forked
        retitle([sys.executable, "-m", "runtime.local.embedded.supervisor", order["name"]])
        return pid

    try:
        status = supervise(start, order["stops"])
        with suppress(OSError):
            channel.send(str(status).encode())
    except Forked:
        channel.close()
        become_part(order, supervisor)
        return order
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        if os.getpid() == supervisor:
            os._exit(status)
    raise AssertionError("a supervisor ends above")


class Forked(BaseException):
    """Leaves the supervisor's code in the process that shall run the part."""


def become_part(order: dict[str, Any], supervisor: int) -> None:
    """Be what a program started by itself would be: its own environment, folder, signals, input and title."""
    end_with_parent(supervisor, signal.Signals["SIG" + order["stops"][0][0]])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["folder"])
    os.umask(PRIVATE_UMASK)
    retitle(order["argv"])


def run(order: dict[str, Any]) -> int:
    """Run the part's module as its command line says, an interpreter, `-m`, a module, its words; return its status."""
    if order["heartbeat"] is not None:
        beat_forever(Path(order["heartbeat"]))
    _, _, module, *words = order["argv"]
    sys.argv = [module, *words]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return status_of(end)
    except BaseException:  # noqa: BLE001 - shown as the interpreter shows it
        traceback.print_exc()
        return 1
    return 0


def status_of(end: SystemExit) -> int:
    """Return the exit status, and say what there is to say, as the interpreter does."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    sys.stderr.write(f"{end.code}\n")
    return 1


def leave(status: int) -> NoReturn:
    """End without taking apart what was imported: it would copy every page that is shared."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__" and (ordered := main()) is not None:
    leave(run(ordered))
