"""Every benchmark, one after the other: `python -m bench`."""

import sys

from bench import append, booking, live

if __name__ == "__main__":
    sys.exit(max([append.main([]), booking.main([]), live.main([])]))
