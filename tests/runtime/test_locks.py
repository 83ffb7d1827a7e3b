"""The lock files pin all that pyproject.toml asks for, with hashes, and name no registry."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

CHECKOUT = Path(__file__).parents[2]
LOCKS = CHECKOUT / "locks"
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ]+)(?: ;[^\\]*)? \\\n(?P<hashes>(?:    --hash=sha256:.*\n)+)",
    re.MULTILINE,
)


def pins(lock: str) -> dict[NormalizedName, str]:
    """Each pinned name with its version."""
    text = (LOCKS / lock).read_text()
    found = {canonicalize_name(match["name"]): match["version"] for match in PIN.finditer(text)}
    assert PIN.sub("", text).strip() == "", "a line of the lock is not a pin with hashes"
    return found


def asked_for(*extras: str) -> list[Requirement]:
    """What pyproject.toml asks for."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize(("lock", "extras"), [("run.lock", ()), ("dev.lock", ("dev", "bench"))])
def test_every_requirement_is_pinned_at_a_version_that_fits(lock: str, extras: tuple[str, ...]) -> None:
    pinned = pins(lock)
    misfits = [
        str(asked)
        for asked in asked_for(*extras)
        if not asked.specifier.contains(pinned.get(canonicalize_name(asked.name), "0"))
    ]
    assert misfits == [], "run scripts/lock"


def test_development_uses_the_very_versions_we_run_with() -> None:
    assert pins("run.lock").items() <= pins("dev.lock").items()


@pytest.mark.parametrize("lock", ["run.lock", "dev.lock", "uv.lock"])
def test_no_registry_is_named(lock: str) -> None:
    assert "://" not in (LOCKS / lock).read_text()
