"""What every shape has in common: unknown fields are refused, texts are bounded."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from domain.people import NAME_LENGTH_MAX


class Body(BaseModel):
    """A request's body; a field that is not described is refused."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """An answer's body."""


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH_MAX)]
