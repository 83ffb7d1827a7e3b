"""Requests `/livez` repeatedly; prints when it has started, and the slowest response at the end.

Usage: python -m bench.strangers.livez PORT     a line on standard input ends it; the result is in milliseconds
"""

import http.client
import sys
import threading
import time

OWN_ADDRESS = "127.0.0.9"
PAUSE_S = 0.01
ANSWER_S = 60.0
BEGUN = "begun\n"


def slowest_ms(port: int, over: threading.Event) -> float:
    """Request until stopped, and return the slowest response time; a failed request counts as the longest."""
    worst, first = 0.0, True
    while first or not over.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S, source_address=(OWN_ADDRESS, 0))
        began = time.perf_counter()
        try:
            connection.request("GET", "/livez")
            alive = connection.getresponse().status == http.client.OK
        except OSError:
            alive = False
        finally:
            connection.close()
        worst = max(worst, time.perf_counter() - began if alive else ANSWER_S)
        if first:
            sys.stdout.write(BEGUN)
            sys.stdout.flush()
            first = False
        time.sleep(PAUSE_S)
    return worst * 1_000


def main() -> None:
    """Request until a line arrives on standard input."""
    over = threading.Event()

    def wait() -> None:
        sys.stdin.readline()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    sys.stdout.write(f"{slowest_ms(int(sys.argv[1]), over):.1f}\n")


if __name__ == "__main__":
    main()
