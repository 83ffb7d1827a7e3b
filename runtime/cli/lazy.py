"""Command groups that import a command's module only when the command is invoked.

A part then imports only what it runs, and `--help` of a group imports none of its commands.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


class LazyCommand(TyperCommand):
    """Stands in for a command until it is invoked.

    Args:
        name: as it is typed.
        target: `module:attribute` of a function or a `typer.Typer`.
        help: the first sentence of the command's own help, shown in the help of its group.
    """

    def __init__(self, name: str, target: str, help: str) -> None:  # noqa: A002 - the parameter's name in typer
        super().__init__(name=name, help=help)
        self.target = target

    def load(self) -> Any:
        """Import the module and return the command itself."""
        module, _, attribute = self.target.partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            return get_command(found)
        app = typer.Typer(add_completion=False)
        app.command(self.name)(found)
        return get_command(app)


class LazyGroup(TyperGroup):
    """A group of lazy commands and of further lazy groups."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the name, the loaded command and the remaining words."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, LazyCommand) else command, rest


def lazy_group(name: str, help: str, commands: Sequence[LazyCommand]) -> LazyGroup:  # noqa: A002 - typer's name
    """Return a group that shows its help when no command is given."""
    return LazyGroup(name=name, help=help, commands=commands, no_args_is_help=True)
