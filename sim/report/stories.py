"""Two trials told: one in which the headline came on an ordinary day, and one in which it did not come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sim.analysis.outcomes import numbers, usable
from sim.errors import ResultsError
from sim.plots.style import capital, in_words
from sim.plots.view import headline
from sim.report.content import Day, Story
from sim.telling import tell

if TYPE_CHECKING:
    from sim.ensemble.results import Results

NO_STORY = (
    "The trials cannot be told: they were run by another version of this program or on another kind of machine, which "
    "gives other trials from the same seed."
)


def told(results: Results) -> list[Story]:
    """The stories of the first parameter set; none where the trials cannot be lived again."""
    event = in_words(headline(results.scenario)).lower()
    used = usable(results.trials)
    first = used[used["set"] == 0]
    days = numbers(first, "breakdown_day")
    came, without = first[days > 0], first[~(days > 0)]
    stories = []
    try:
        if len(came):
            away = np.abs(days[days > 0] - np.median(days[days > 0]))
            trial = int(came["trial"].iloc[int(away.argmin())])
            chosen = f"Of the trials of set 0 with {event}, this is the one nearest to their median day."
            stories.append(_story(results, trial, f"Trial {trial}: {event}", chosen))
        if len(without):
            trial = int(without["trial"].iloc[0])
            chosen = f"This is the first trial of set 0 without {event}."
            stories.append(_story(results, trial, f"Trial {trial}: no {event}", chosen))
    except ResultsError:
        return []
    return stories


def _story(results: Results, trial: int, title: str, chosen: str) -> Story:
    lived = results.trajectory(trial)
    days, end = _days(tell(results.scenario, lived))
    return Story(trial, title, chosen, days, end)


def _days(lines: Iterable[str]) -> tuple[list[Day], str]:
    """The lines of a telling by day; the last line is the end."""
    days: list[Day] = []
    end = ""
    for line in lines:
        text = line.strip()
        if not line.startswith(" "):
            end = capital(text)
            days.append(Day(end, []))
        else:
            days[-1].events.append(capital(text.removeprefix("- ").replace("=> ", "Outcome: ")))
    return days[:-1], end
