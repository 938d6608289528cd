"""Write the golden files anew: `python -m tests.golden`. Do it on purpose only, and say why in CHANGELOG.md."""

from __future__ import annotations

from tests.golden.made import FOLDER, MADE, text

for name, make in MADE.items():
    (FOLDER / f"{name}.json").write_text(text(make()), encoding="utf-8")
    print(f"wrote tests/golden/{name}.json")
