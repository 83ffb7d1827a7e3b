"""The placeholder page and its style, until the screens have their own issue."""

from functools import cache
from importlib import resources


@cache
def page(name: str) -> bytes:
    """Return one of the files in `ui/static`."""
    return resources.files("ui").joinpath("static", name).read_bytes()
