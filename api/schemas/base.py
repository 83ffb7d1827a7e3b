"""Base classes of request and response bodies."""

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """A request's body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class ResponseBody(BaseModel):
    """A response's body."""
