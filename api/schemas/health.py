"""What operators are told."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import ResponseBody


class Alive(ResponseBody):
    """The process answers."""

    status: Literal["alive"]


class Ready(ResponseBody):
    """Commands can be carried out."""

    status: Literal["ready"]
    head: Annotated[int, Field(description="The last position of the log.")]
    lag: Annotated[Mapping[str, int], Field(description="Positions that each read model is behind.")]
    projections: Annotated[
        Mapping[str, str],
        Field(
            description="How each read model stands: running, paused, failed (an admin sees why), or diverged: the log "
            "was restored and does not hold what it was folded from; it is rebuilt by itself."
        ),
    ]
    processes: Annotated[
        Mapping[str, str], Field(description="How each process stands: running, or failed (an admin sees why).")
    ]
    parts: Annotated[
        Mapping[str, str],
        Field(description="On one machine: which parts are alive, and which were silent for ten seconds."),
    ]
    sandbox: Annotated[str | None, Field(description="The address of the sandbox payment gateway.")]
    warnings: Annotated[list[str], Field(description="What operators should change, a sentence each.")]
