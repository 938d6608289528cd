"""The baselines: by hand on a short record, blind to what follows, frozen or expanding, and better where due."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sim.analysis import ingarch
from sim.analysis.baselines import FORECASTERS, HALF, Outlook, Past, baseline_forecasts
from sim.analysis.forecasts import HORIZONS, Forecast, weekly
from sim.analysis.scores import levels
from sim.analysis.scoring import score
from sim.analysis.truces import Announced
from sim.errors import InputError
from tests.analysis.recorded import FIRST, of_days, of_weeks, switching

SHORT = [10, 50, 20, 200, 60, 10, 120, 40, 30, 5]  # hold, fray, hold, collapse, fray, hold, collapse, fray, hold, hold
TRUCES = [Announced(dt.date(2016, 5, 3), "lower"), Announced(dt.date(2017, 2, 20), "leader")]


def said(name: str, horizon: int, deaths: list[float] = SHORT, learnt: int | None = None) -> Outlook:
    weeks = np.array(deaths, float)
    past = Past(FIRST, weeks, levels(weeks), np.zeros((len(weeks), 3)), learnt or len(weeks))
    return FORECASTERS[name](past, [horizon])[0]


def after(series: pd.Series, days: int) -> dt.date:
    return series.index[0].date() + dt.timedelta(days - 1)


# --- by hand --------------------------------------------------------------------------------------------------------


def test_climatology_by_hand() -> None:
    outlook = said("climatology", 4)
    assert outlook.probabilities.tolist() == [0.5, 0.3, 0.2]
    assert outlook.deaths.values.tolist() == sorted(SHORT)
    assert not outlook.deaths.drawn


def test_persistence_by_hand() -> None:
    """A hold week: deaths of the five holds weigh 0.96, of the three frays and two collapses 0.02 each."""
    outlook = said("persistence", 8)
    assert outlook.probabilities == pytest.approx([0.96, 0.02, 0.02])
    assert outlook.deaths.weights == pytest.approx([0.192] * 5 + [0.02 / 3] * 3 + [0.01] * 2)


def test_table_by_hand() -> None:
    """Holds at weeks 0, 2, 5, 8: a week later fray, collapse, collapse, hold; half a case more for each class."""
    assert said("table", 1).probabilities == pytest.approx([1.5 / 5.5, 1.5 / 5.5, 2.5 / 5.5])
    assert said("table", 2).probabilities == pytest.approx([1.5 / 4.5, 2.5 / 4.5, 0.5 / 4.5])  # hold, fray, fray


def test_table_c_by_hand() -> None:
    outlook = said("table_c", 1)
    assert outlook.deaths.values.tolist() == [5, 50, 120, 200]
    assert outlook.probabilities.tolist() == [0.25, 0.25, 0.5]


def test_markov_is_the_power_of_the_weekly_matrix() -> None:
    """From hold 1, 1, 2 to hold, fray, collapse; from fray 3, 0, 0; from collapse 0, 2, 0; half a case each."""
    matrix = np.array([[1, 1, 2], [3, 0, 0], [0, 2, 0]]) + HALF
    matrix /= matrix.sum(axis=1, keepdims=True)
    assert said("markov", 1).probabilities == pytest.approx(matrix[0])
    assert said("markov", 3).probabilities == pytest.approx((matrix @ matrix @ matrix)[0])


def test_recent_and_zero_by_hand() -> None:
    assert said("recent", 4).deaths.values.tolist() == [5, 30, 40, 120]
    assert said("recent", 4).probabilities.tolist() == [0.5, 0.25, 0.25]
    assert said("zero", 1).deaths.values.tolist() == [0]
    assert said("zero", 1).probabilities.tolist() == [1, 0, 0]


def test_the_count_series_falls_back_to_its_level() -> None:
    """Means at each horizon are those of the fitted recursion, within five standard errors of 500 paths."""
    deaths = weekly(switching(120))
    deaths[-1] = 400.0
    past = Past(FIRST, deaths, levels(deaths), np.zeros((120, 3)), 120)
    model = ingarch.fit(deaths)
    mean, outlooks = float(model.means(deaths)[-1]), FORECASTERS["ingarch"](past, [1, 2, 8])
    expected = [
        mean * (model.a + model.b) ** k + model.w * sum((model.a + model.b) ** j for j in range(k)) for k in (0, 1, 7)
    ]
    for outlook, its_mean in zip(outlooks, expected, strict=True):
        members = outlook.deaths.values
        assert members.mean() == pytest.approx(its_mean, abs=5 * members.std() / np.sqrt(500))
    assert expected[0] > 1.5 * expected[2]
    alone = FORECASTERS["ingarch"](past, [2])[0]
    assert (alone.deaths.values == outlooks[1].deaths.values).all()


def test_what_was_learnt_before_a_day_is_all_that_counts() -> None:
    """Frozen after five weeks, now in hold: one hold was followed by fray, one by collapse."""
    assert said("climatology", 1, learnt=5).deaths.values.tolist() == [10, 20, 50, 60, 200]
    assert said("table_c", 1, learnt=5).deaths.values.tolist() == [50, 200]
    assert said("recent", 1, learnt=5).deaths.values.tolist() == [5, 30, 40, 120]


def test_a_class_that_never_came_before() -> None:
    """The first collapse of a record: nothing is known of what follows, and it is said."""
    deaths = [10.0, 20, 50, 10, 200]
    assert said("table", 1, deaths).probabilities == pytest.approx([1 / 3] * 3)
    assert said("table_c", 1, deaths).deaths.values.tolist() == sorted(deaths)
    assert said("persistence", 1, deaths, learnt=4).deaths.weights.sum() == pytest.approx(1)


# --- all of them ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORECASTERS)
def test_every_baseline_keeps_the_house_rules(name: str) -> None:
    """Whole forecasts at all horizons; the same again; blind to the future, record and announcements alike."""
    series = switching(80)
    origins = [after(series, 400), after(series, 457)]
    made = baseline_forecasts(series, origins, names=[name], truces=TRUCES)
    assert [(it.origin, it.horizon) for it in made] == [(origin, h) for origin in origins for h in HORIZONS]
    for forecast in made:
        assert forecast.probabilities.sum() == pytest.approx(1)
        assert forecast.deaths.weights.sum() == pytest.approx(1) and (forecast.deaths.values >= 0).all()
    changed = series.copy()
    changed.iloc[457:] = 999
    later = [*TRUCES, Announced(after(series, 458), "leader")]
    assert_same(made, baseline_forecasts(changed, origins, names=[name], truces=later))
    assert_same(made, baseline_forecasts(series.iloc[:457], origins, names=[name], truces=TRUCES))


def assert_same(one: list[Forecast], other: list[Forecast]) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert (a.probabilities == b.probabilities).all()
        assert (a.deaths.values == b.deaths.values).all() and (a.deaths.weights == b.deaths.weights).all()


@pytest.mark.parametrize("name", ["climatology", "markov", "table", "table_c", "logit", "logit_truce", "ingarch"])
def test_frozen_parameters_do_not_learn(name: str) -> None:
    """What came between the day of freezing and the last weeks is not learnt; expanding forecasts do learn it."""
    series = switching(80)
    frozen, origin = after(series, 280), after(series, 490)
    changed = series.copy()
    changed.iloc[280:300] = 60
    changed.iloc[300:420] = 0
    changed.iloc[420:455] = 20
    frozen_ones = [baseline_forecasts(it, [origin], (1,), [name], TRUCES, frozen)[0] for it in (series, changed)]
    expanding = [baseline_forecasts(it, [origin], (1,), [name], TRUCES)[0] for it in (series, changed)]
    assert frozen_ones[0].probabilities == pytest.approx(frozen_ones[1].probabilities, abs=0.02)
    assert expanding[0].probabilities != pytest.approx(expanding[1].probabilities, abs=0.02)


def test_weeks_are_counted_back_from_the_origin() -> None:
    """An origin three days into the week of the record: its last week holds its own last seven days."""
    series = of_days(range(300))
    origin = after(series, 290)
    last = baseline_forecasts(series, [origin], (1,), ["recent"])[0].deaths.values[-1]
    assert last == sum(range(283, 290))
    assert len(baseline_forecasts(series, [origin], (1,), ["climatology"])[0].deaths.values) == 41


def test_only_whole_weeks_before_the_freezing_day_are_learnt() -> None:
    """Counted back from day 290, weeks end on day 283, 276, ... Frozen on day 282, those to day 276 are learnt."""
    series = of_days(range(300))
    for day, weeks in ((290, 41), (289, 40), (283, 40), (282, 39), (276, 39)):
        made = baseline_forecasts(series, [after(series, 290)], (1,), ["climatology"], frozen=after(series, day))
        assert len(made[0].deaths.values) == weeks


def test_the_limits_may_be_others() -> None:
    series = of_weeks([50.0] * 40)
    made = baseline_forecasts(series, [after(series, 280)], (1,), ["climatology"], limits=(60, 70))
    assert made[0].probabilities.tolist() == [1, 0, 0]


def test_the_truce_reaches_the_regression() -> None:
    series = switching(80)
    origins = [after(series, 455)]
    with_truces, without = (
        baseline_forecasts(series, origins, (1,), ["logit_truce"], truces=truces)[0].probabilities
        for truces in (TRUCES, ())
    )
    plain = baseline_forecasts(series, origins, (1,), ["logit"])[0].probabilities
    assert without == pytest.approx(plain, abs=1e-6)
    assert with_truces != pytest.approx(plain, abs=1e-3)


# --- refused --------------------------------------------------------------------------------------------------------


def test_what_cannot_be_forecast_is_refused() -> None:
    series = switching(40)
    with pytest.raises(InputError, match=r"unknown baseline 'oracle'; known: climatology, .*ingarch"):
        baseline_forecasts(series, [after(series, 200)], names=["oracle"])
    with pytest.raises(InputError, match=r"25 weeks to learn from before .* at least 26"):
        baseline_forecasts(series, [after(series, 25 * 7)])
    with pytest.raises(InputError, match="lacks days"):
        baseline_forecasts(series, [after(series, 290)])
    with pytest.raises(InputError, match="lacks days"):
        baseline_forecasts(series.drop(index=series.index[3]), [after(series, 200)])


# --- as they should -------------------------------------------------------------------------------------------------


@pytest.mark.statistical
@pytest.mark.slow
def test_on_a_markov_record_knowing_the_class_pays() -> None:
    """200 weeks of a record that switches: Markov, table and logit beat climatology at one week, zero is worst.

    One fixed record; margins are more than twice what another seed moved them by.
    """
    series = switching(300, seed=3)
    origins = [after(series, 7 * week) for week in range(100, 299)]
    table = score(baseline_forecasts(series, origins, (1,)), series).set_index("forecaster")
    for name in ("markov", "table", "logit"):
        assert table.loc[name, "rps"] < 0.8 * table.loc["climatology", "rps"], name
    for name in ("table_c", "ingarch", "logit"):
        assert table.loc[name, "crps"] < 0.9 * table.loc["climatology", "crps"], name
    assert table["crps"].idxmax() == "zero"
    assert weekly(series).max() > 100
