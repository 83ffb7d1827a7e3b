"""The command `seatledger`: one file per noun, every command a few lines that call the part which does the work."""

from runtime.cli.main import main

__all__ = ["main"]
