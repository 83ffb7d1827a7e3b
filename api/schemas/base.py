"""What every shape has in common: unknown fields are refused."""

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """A request's body; a field that is not described is refused."""

    model_config = ConfigDict(extra="forbid")


class ResponseBody(BaseModel):
    """An answer's body."""
