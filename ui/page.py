"""The placeholder page and its style, until the screens have their own issue."""

from collections.abc import Mapping
from importlib import resources

PATHS: Mapping[str, tuple[str, str]] = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
}


def pages() -> Mapping[str, tuple[bytes, str]]:
    """Return what to serve beside the API: path → content and its media type."""
    folder = resources.files("ui").joinpath("static")
    return {path: (folder.joinpath(name).read_bytes(), kind) for path, (name, kind) in PATHS.items()}
