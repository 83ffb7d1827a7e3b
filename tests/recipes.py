"""The code of the README's recipes, to be run as it stands there."""

import re
from pathlib import Path
from typing import Any

README = Path(__file__).parents[1] / "README.md"


def blocks_of(title: str) -> list[str]:
    """Return the blocks of code of one recipe, in their order."""
    found = re.search(rf"\*\*{re.escape(title)}\*\*.*?(?=\n\*\*Add |\n## )", README.read_text(), re.DOTALL)
    assert found is not None
    return re.findall(r"```python\n(.*?)```", found[0], re.DOTALL)


def defined_by(code: str, **known: Any) -> dict[str, Any]:
    """Return what some code defines, where the names in `known` are there already."""
    defined: dict[str, Any] = {"__name__": "recipe", **known}
    exec(code, defined)
    return defined
