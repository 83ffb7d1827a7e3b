"""The command `seatledger`: one file per noun, every command a few lines that call the part which does the work."""

from runtime.garbage import look_seldom

look_seldom()  # nothing of what is imported is garbage: looking for it was a tenth of a part's start

from runtime.cli.main import main  # noqa: E402 - after that

__all__ = ["main"]
