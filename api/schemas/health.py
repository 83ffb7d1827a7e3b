"""What operators are told."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Shown


class Alive(Shown):
    """The process answers."""

    status: Literal["alive"]


class Ready(Shown):
    """Commands can be carried out."""

    status: Literal["ready"]
    head: Annotated[int, Field(description="The last position of the log.")]
    lag: Annotated[Mapping[str, int], Field(description="Positions that each read model is behind.")]
    sandbox: Annotated[str | None, Field(description="The address of the sandbox payment gateway.")]
