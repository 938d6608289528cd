from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.ensemble.lock import locked
from sim.errors import ResultsError
from sim.fitting.abc import fit
from sim.fitting.populations import GIVEN_UP, NAME, Population, Question, stored, values_of
from sim.scenario.laws import LogUniform, Normal
from tests.fitting.toys import Toy, normal_mean, same, some_population


def question() -> Question:
    return Question(
        ("a", "b"), ({"dist": "uniform", "low": 0.0, "high": 1.0},) * 2, (1.0, np.nan), "x", 1, 20, 0.5, 0.02
    )


def test_moments_by_hand() -> None:
    made = replace(some_population(3), values=np.array([[0.0], [2.0], [8.0]]), weights=np.array([0.5, 0.25, 0.25]))
    assert made.mean() == [2.5]
    assert made.sd() ** 2 == pytest.approx(0.5 * 6.25 + 0.25 * 0.25 + 0.25 * 30.25)
    assert made.effective == pytest.approx(1 / 0.375)
    assert made.acceptance == 1 / 3


def test_values_are_the_priors_quantiles() -> None:
    values = values_of(np.array([0.0, 1.5]), [LogUniform(1.0, 100.0), Normal(3.0, 2.0)])
    np.testing.assert_allclose(values, [10.0, 6.0])
    assert values_of(np.array([-40.0, 0.0]), [LogUniform(1.0, 100.0), Normal(3.0, 2.0)])[0] == 1.0


def test_what_is_stored_is_read_back_to_the_last_bit(tmp_path: Path) -> None:
    with stored(tmp_path / "fit", question()) as store:
        made = store.write(some_population(7))
        found = store.read(1)
        assert found is not None and same(made, found)
        assert store.read(0) is None
        assert not store.given_up(2)
        store.give_up(2)
        assert store.given_up(2) and not store.given_up(1)
    names = {path.name for path in (tmp_path / "fit").iterdir()}
    assert names == {NAME, GIVEN_UP, "generation-001.npz"}


def test_without_a_folder_nothing_is_kept() -> None:
    with stored(None, question()) as store:
        made = store.write(some_population(7))
        store.give_up(2)
        assert isinstance(made, Population)
        assert store.read(1) is None and not store.given_up(2)


CHANGES: dict[str, tuple[Toy, dict[str, float]]] = {
    "seed was 1, is 2": (normal_mean(), {"seed": 2}),
    "population was 20, is 30": (normal_mean(), {"population": 30}),
    r"quantile was 0\.5, is 0\.6": (normal_mean(), {"quantile": 0.6}),
    r"least_acceptance was 0\.02, is 0\.1": (normal_mean(), {"least_acceptance": 0.1}),
    r"observed was \[1\.5\], is \[1\.6\]": (normal_mean(1.6), {}),
    r"names was \['mean'\], is \['m'\]": (replace(normal_mean(), names=("m",)), {}),
    r"laws was .*'sd': 2\.0.* is .*'sd': 3\.0": (replace(normal_mean(), laws=(Normal(0.0, 3.0),)), {}),
    "identity was toy, is other": (replace(normal_mean(), identity="other"), {}),
}


@pytest.mark.parametrize("message", CHANGES)
def test_a_folder_of_another_fit_is_refused(message: str, tmp_path: Path) -> None:
    asked: dict[str, float] = {"seed": 1, "population": 20, "generations": 1}
    fit(normal_mean(), **asked, folder=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    toy, change = CHANGES[message]
    with pytest.raises(ResultsError, match=f"holds another fit .*{message}.*choose another folder"):
        fit(toy, **{**asked, **change}, folder=tmp_path, resume=True)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def test_a_fit_is_gone_on_with_only_when_that_is_asked_for(tmp_path: Path) -> None:
    with stored(tmp_path, question()):
        pass
    with (
        pytest.raises(ResultsError, match="holds a fit already; go on with it by resume"),
        stored(tmp_path, question()),
    ):
        pass


def test_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ResultsError, match="holds other files"), stored(tmp_path, question(), resume=True):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "fit").write_text("")
    with pytest.raises(ResultsError, match="is a file"), stored(tmp_path / "fit", question()):
        pass


def test_two_fits_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(ResultsError, match="another run is writing there"):
        fit(normal_mean(), seed=1, population=20, folder=tmp_path)


def test_a_damaged_generation_is_named(tmp_path: Path) -> None:
    fit(normal_mean(), seed=1, population=20, generations=2, folder=tmp_path)
    path = tmp_path / "generation-001.npz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ResultsError, match=r"generation-001\.npz: cannot be read .* remove it and go on with resume"):
        fit(normal_mean(), seed=1, population=20, generations=2, folder=tmp_path, resume=True)
    path.unlink()
    again = fit(normal_mean(), seed=1, population=20, generations=2, folder=tmp_path, resume=True)
    assert same(again, fit(normal_mean(), seed=1, population=20, generations=2))


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_question_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(ResultsError, match=r"fit\.json: .* fit again in another folder"):
        fit(normal_mean(), seed=1, folder=tmp_path, resume=True)


def test_the_question_can_be_read_by_people(tmp_path: Path) -> None:
    with stored(tmp_path, question()):
        pass
    told = json.loads((tmp_path / NAME).read_text())
    assert told["observed"] == [1.0, None]
    assert told["laws"][0] == {"dist": "uniform", "low": 0.0, "high": 1.0}
