"""A process that imports the parts' modules and forks a child for each part, which shares its memory.

Run as `python -m runtime.local.supervision.fork_server DESCRIPTOR` with the descriptor of a socket. The first message
names the modules to import. Each later message has one byte and three descriptors: a channel for the launch
configuration and the exit status, the child's standard input, whose end stops the part, and the log. Only the child
reads the configuration, so that the settings of one part never reach another; for the same reason this process is
started without settings in its environment.
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
from runtime.local.supervision.heartbeats import start_heartbeat
from runtime.local.supervision.process_title import end_with_parent, set_process_title

DESCRIPTORS = 3
MODULES_BYTES_MAX = 16 * 1024
CONFIG_BYTES_MAX = 256 * 1024
STANDARD_OUTPUTS = (1, 2)
PRIVATE_UMASK = 0o077


def main() -> dict[str, Any] | None:
    """Fork for every message until the socket ends; return a configuration only in a process that is to run a part."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in json.loads(control.recv(MODULES_BYTES_MAX)):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors are not waited for: their channels report the end
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, DESCRIPTORS)
        if not message:
            return None
        if os.fork() == 0:
            control.close()
            return run_child(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def run_child(channel_descriptor: int, standard_input: int, log: int) -> dict[str, Any]:
    """Run the supervisor to its end, which ends the process; return only in the part's process, its configuration."""
    os.setsid()
    os.dup2(standard_input, 0)
    for standard in STANDARD_OUTPUTS:
        os.dup2(log, standard)
    os.close(standard_input)
    os.close(log)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    channel = socket.socket(fileno=channel_descriptor)
    socket.send_fds(channel, [str(os.getpid()).encode()], [own := os.pidfd_open(os.getpid())])
    os.close(own)
    config: dict[str, Any] = json.loads(channel.recv(CONFIG_BYTES_MAX))
    supervisor = os.getpid()
    status = 1

    def start() -> int:
        pid = os.fork()
        if pid == 0:
            raise Forked
        set_process_title([sys.executable, "-m", "runtime.local.embedded.supervisor", config["name"]])
        return pid

    try:
        status = supervise(start, config["stops"])
        with suppress(OSError):
            channel.send(str(status).encode())
    except Forked:
        channel.close()
        prepare_part(config, supervisor)
        return config
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        if os.getpid() == supervisor:
            os._exit(status)
    raise AssertionError("a supervisor ends above")


class Forked(BaseException):
    """Leaves the supervisor's code in the process that is to run the part."""


def prepare_part(config: dict[str, Any], supervisor: int) -> None:
    """Set environment, folder, signals, standard input and title as for a program of its own."""
    end_with_parent(supervisor, signal.Signals["SIG" + config["stops"][0][0]])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(config["env"])
    os.chdir(config["folder"])
    os.umask(PRIVATE_UMASK)
    set_process_title(config["argv"])


def run(config: dict[str, Any]) -> int:
    """Run the module of a command line `python -m module words`, and return the exit status."""
    if config["heartbeat"] is not None:
        start_heartbeat(Path(config["heartbeat"]))
    _, _, module, *words = config["argv"]
    sys.argv = [module, *words]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return status_of(end)
    except BaseException:  # noqa: BLE001 - reported as the interpreter does
        traceback.print_exc()
        return 1
    return 0


def status_of(end: SystemExit) -> int:
    """Return the exit status and print the message, as the interpreter does."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    sys.stderr.write(f"{end.code}\n")
    return 1


def exit_without_cleanup(status: int) -> NoReturn:
    """End without destroying the imported modules, which would copy every shared page of memory."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__" and (part := main()) is not None:
    exit_without_cleanup(run(part))
