"""Which shipped scenarios change one thing about another: those that extend it and start on the same day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sim.errors import InputError
from sim.scenario.reading import BUILTIN, shipped_folder


def counterfactuals(source: str) -> tuple[list[str], list[str]]:
    """The scenarios beside `source` that extend it: those that start on its day, and those that do not.

    Shipped scenarios are named `builtin:NAME`, others by their path. InputError where nothing extends it.
    """
    path, prefix = _file(source)
    bases = {path.name, path.stem, BUILTIN + path.stem}
    others = {other: _top(other) for other in sorted(path.parent.glob("*.yaml")) if other != path}
    extending = {other: top for other, top in others.items() if str(top.get("extends")) in bases}
    if not extending:
        raise InputError(f"{source}: no scenario beside it extends it, so there is no counterfactual to compare with")
    origin = str(_top(path).get("origin"))
    same = [str(top.get("origin", origin)) == origin for top in extending.values()]
    names = [prefix + other.stem if prefix else str(other) for other in extending]
    return (
        [name for name, it_is in zip(names, same, strict=True) if it_is],
        [name for name, it_is in zip(names, same, strict=True) if not it_is],
    )


def _file(source: str) -> tuple[Path, str]:
    """The file of a scenario, and what names its neighbours."""
    path = Path(source)
    if not source.startswith(BUILTIN) and path.is_file():
        return path, ""
    return shipped_folder() / f"{source.removeprefix(BUILTIN).removesuffix('.yaml')}.yaml", BUILTIN


def _top(path: Path) -> dict[str, Any]:
    """The keys of a scenario file as they stand; none where it cannot be read (whoever loads it says why)."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}
