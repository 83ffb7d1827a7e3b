"""A module to be forked: shows what it finds, then ends as told."""

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Write down environment, folder and words, and do what the last word says."""
    found = {"env": dict(os.environ), "folder": str(Path.cwd()), "words": sys.argv[1:], "umask": os.umask(0o077)}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    match sys.argv[-1]:
        case "stay":
            time.sleep(1_000)
        case "fail":
            sys.exit("no such database")
        case "crash":
            raise ValueError("the reason")
        case status:
            sys.exit(int(status))


if __name__ == "__main__":
    main()
