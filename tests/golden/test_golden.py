"""Results change only on purpose: the origins and first trials of every shipped scenario are those on file."""

from __future__ import annotations

import json

import pytest

from tests.golden.made import FOLDER, MADE, text


@pytest.mark.parametrize("name", list(MADE))
def test_made_as_on_file(name: str) -> None:
    made = json.loads(text(MADE[name]()))
    on_file = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert made.keys() == on_file.keys()
    for scenario, value in made.items():
        assert value == on_file[scenario], f"{scenario}: meant? then python -m tests.golden, and say why in CHANGELOG"
