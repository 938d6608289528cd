"""The table of DOMAIN 6.2 on the fetched series, as far as it can be reproduced from data up to 10 February 2020.

Found: weeks from Monday to Sunday, the origins are the 73 Sundays, the window expands from 1 January 2016, tables of
transitions have half a case added to each cell. All 73 origins were scored at all horizons, so 1, 2, 4 and 8 target
weeks end after 10 February 2020. Those are not here, and are not looked for. What they could have added is bounded:
by the best and the worst class for scores of classes, by the best number of deaths for the CRPS. Every printed figure
must lie in its bounds. The row of persistence fits with a share of 0.96 that the class stays, and not with 1.

Not reproduced: the sceptic's regressions, of which DOMAIN gives no covariates, and what "truce terms" are.
"""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from sim.analysis.baselines import baseline_forecasts
from sim.analysis.forecasts import HORIZONS, Forecast, origins
from sim.analysis.scores import brier, crps, ranked_probability
from sim.analysis.scoring import mean_scores, score_each
from tests.analysis.recorded import fetched

pytestmark = pytest.mark.data

FROM, TO = dt.date(2018, 9, 23), dt.date(2020, 2, 9)
NAMES = ("climatology", "persistence", "markov", "table", "recent", "table_c", "zero")
PRINTED = {  # (score, baseline): figures at 1, 2, 4, 8 weeks, and half of their last digit
    ("rps", "climatology"): ((0.470, 0.472, 0.485, 0.492), 0.0005),
    ("rps", "persistence"): ((0.259, 0.349, 0.504, 0.813), 0.0005),
    ("rps", "markov"): ((0.233, 0.312, 0.424, 0.489), 0.0005),
    ("rps", "table"): ((0.233, 0.288, 0.387, 0.499), 0.0005),
    ("brier_collapse", "table"): ((0.123, 0.142, 0.186, 0.239), 0.0005),
    ("crps", "climatology"): ((58.8, 59.1, 64.0, 65.2), 0.05),
    ("crps", "recent"): ((43.8, 50.3, 61.7, 81.5), 0.05),
    ("crps", "table_c"): ((41.8, 44.8, 55.7, 64.6), 0.05),
    ("crps", "zero"): ((102, 103, 111, 111), 0.5),
}


@pytest.fixture(scope="module")
def sundays() -> tuple[pd.Series, list[Forecast], pd.DataFrame]:
    """The record, the forecasts from 73 Sundays, and the scores of those whose weeks are known."""
    observed = fetched()
    made = baseline_forecasts(observed, origins(FROM, TO, alignments=1), names=NAMES)
    return observed, made, score_each(made, observed)


def bounds(forecast: Forecast, measure: str) -> tuple[float, float]:
    """The best and the worst score that the forecast could get, whatever happened."""
    p, classes = forecast.probabilities, np.arange(3)
    if measure == "crps":
        return min(crps(forecast.deaths, dead) for dead in forecast.deaths.values), math.inf
    possible = ranked_probability(np.tile(p, (3, 1)), classes) if measure == "rps" else brier(p[2], classes == 2)
    return float(possible.min()), float(possible.max())


@pytest.mark.parametrize(("measure", "name"), PRINTED)
def test_the_printed_figures(sundays: tuple[pd.Series, list[Forecast], pd.DataFrame], measure: str, name: str) -> None:
    _, made, each = sundays
    figures, rounding = PRINTED[measure, name]
    for horizon, printed in zip(HORIZONS, figures, strict=True):
        known = each[(each["horizon"] == horizon) & (each["forecaster"] == name)]
        mine = [it for it in made if (it.forecaster, it.horizon) == (name, horizon)]
        unknown = [bounds(it, measure) for it in mine if it.origin not in set(known["origin"])]
        assert (len(mine), len(unknown)) == (73, horizon)
        low, high = ((known[measure].sum() + sum(it[k] for it in unknown)) / 73 for k in (0, 1))
        assert low - rounding <= printed <= high + rounding, f"{horizon} weeks"


def test_one_class_of_the_unknown_week_makes_all_figures_at_one_week(
    sundays: tuple[pd.Series, list[Forecast], pd.DataFrame],
) -> None:
    """A single week is unknown there: some class of it must give every printed digit at once."""
    _, made, each = sundays
    fitting = set(range(3))
    for (measure, name), (figures, rounding) in PRINTED.items():
        if measure == "crps":
            continue
        known = each[(each["horizon"] == 1) & (each["forecaster"] == name)]
        p = next(it.probabilities for it in made if (it.forecaster, it.horizon, it.origin) == (name, 1, TO))
        possible = ranked_probability([p] * 3, range(3)) if measure == "rps" else brier(p[2], np.arange(3) == 2)
        fitting &= {k for k in range(3) if abs((known[measure].sum() + possible[k]) / 73 - figures[0]) <= rounding}
    assert len(fitting) == 1


def test_the_bounds_can_tell(sundays: tuple[pd.Series, list[Forecast], pd.DataFrame]) -> None:
    """Another alignment of the week does not fit: from Thursdays Markov misses its figure at one week."""
    observed, _, _ = sundays
    thursdays = [day - dt.timedelta(3) for day in origins(FROM, TO, alignments=1)]
    made = baseline_forecasts(observed, thursdays, (1,), ["markov"])
    known = score_each(made, observed)
    least = (known["rps"].sum() + sum(bounds(it, "rps")[0] for it in made[len(known) :])) / 73
    assert least > 0.233 + 0.0005


GOLDEN = {  # means over the known weeks, from Sundays; at 1, 2, 4, 8 weeks
    ("rps", "climatology"): (0.468, 0.472, 0.480, 0.491),
    ("crps", "table_c"): (40.661, 43.863, 52.068, 60.833),
    ("crps", "zero"): (98.792, 100.014, 102.841, 108.154),
}


def test_means_over_known_weeks(sundays: tuple[pd.Series, list[Forecast], pd.DataFrame]) -> None:
    table = mean_scores(sundays[2]).set_index(["forecaster", "horizon"])
    assert table.loc["table", "n"].tolist() == [72, 71, 69, 65]
    for (measure, name), figures in GOLDEN.items():
        assert table.loc[name, measure].tolist() == pytest.approx(figures, abs=0.0006), (measure, name)


@pytest.mark.slow
def test_seven_alignments() -> None:
    """The table of docs/explanation/scoring.md: all days from FROM to TO as origins."""
    observed = fetched()
    made = baseline_forecasts(observed, origins(FROM, TO), names=NAMES)
    table = mean_scores(score_each(made, observed)).set_index(["forecaster", "horizon"])
    assert table.loc["table", "n"].tolist() == [499, 492, 478, 450]
    assert table.loc["table_c", "crps"].tolist() == pytest.approx([40.20, 44.44, 52.38, 61.47], abs=0.01)
    assert table.loc["climatology", "rps"].tolist() == pytest.approx([0.469, 0.473, 0.480, 0.492], abs=0.0006)
