from __future__ import annotations

from pathlib import Path

import pytest

from tests.backtesting import made


@pytest.fixture(scope="session")
def river(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.scenario_file(tmp_path_factory.mktemp("river"))


@pytest.fixture(scope="session")
def daily(river: Path) -> list[float]:
    return made.deaths(river)


@pytest.fixture(scope="session")
def record(river: Path, daily: list[float]) -> Path:
    return made.write_record(river.with_name("record.csv"), daily)
