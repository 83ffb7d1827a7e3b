"""Liveness and readiness in responses."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import ResponseBody


class Alive(ResponseBody):
    """The server process responds."""

    status: Literal["alive"]


class Ready(ResponseBody):
    """Commands can be executed."""

    status: Literal["ready"]
    head: Annotated[int, Field(description="Last position of the log.")]
    lag: Annotated[Mapping[str, int], Field(description="Positions that each read model is behind the log.")]
    projections: Annotated[
        Mapping[str, str],
        Field(
            description="State of each read model: running, paused, failed (`/projections` states why) or diverged: "
            "the log was restored and misses events that it holds; it is rebuilt automatically."
        ),
    ]
    processes: Annotated[
        Mapping[str, str], Field(description="State of each process: running or failed (`/processes` states why).")
    ]
    parts: Annotated[
        Mapping[str, str],
        Field(description="On one machine: which parts are alive, and which sent no heartbeat for ten seconds."),
    ]
    sandbox: Annotated[str | None, Field(description="URL of the sandbox payment provider.")]
    warnings: Annotated[list[str], Field(description="Recommendations for operators, one sentence each.")]
