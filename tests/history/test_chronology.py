"""The shipped chronology is data: these tests hold it to the record it codes."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.scenario.schema import Intervention

FILE = Path(__file__).resolve().parents[2] / "scenarios" / "history" / "idlib.yaml"
ORIGIN = dt.date(2020, 2, 11)
PARTIES = {"turkey", "russia", "syria", "iran", "militias", "rebels", "nlf", "hts"}
MARKS = {
    "advance": {"share"},
    "hit_post": {"aircraft", "killed", "patron_blamed"},
    "militia_fire": {"killed"},
    "outsider_attack": {"killed"},
    "retaliate": {"killed"},
    "reinforce": {"soldiers"},
    "operation_strike": {"killed"},
    "talks": {"success"},
    "counterattack": {"share", "killed"},
    "raid": {"killed", "stirs"},
    "infighting": {"killed"},
    "clash": {"acknowledged", "killed"},
    "joint_patrol": {"completed"},
    "aircraft_downed": {"killed"},
}
ENCIRCLED = {
    "morek": dt.date(2019, 8, 23),
    "surman": dt.date(2019, 12, 23),
    "rashidin": dt.date(2020, 1, 29),
    "maar_hattat": dt.date(2020, 2, 1),
    "tell_touqan": dt.date(2020, 2, 5),
    "al_eis": dt.date(2020, 2, 8),
}


class Plain(yaml.SafeLoader):
    """YAML in which `on` is a word and only `true` and `false` are truth values."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def document() -> dict[str, Any]:
    with FILE.open(encoding="utf-8") as file:
        loaded = yaml.load(file, Plain)
    assert isinstance(loaded, dict)
    return loaded


CHRONOLOGY = document()
SOURCES = set(CHRONOLOGY["sources"])
EVENTS = {name: Intervention.model_validate(entry) for name, entry in CHRONOLOGY["events"].items()}


def day(event: Intervention) -> dt.date:
    assert event.on is not None
    return event.on


def until(last: dt.date, *kinds: str) -> list[Intervention]:
    return [event for event in EVENTS.values() if event.event in kinds and day(event) <= last]


def taken(place: str, last: dt.date) -> float:
    return min(1.0, sum(event.marks["share"] for event in until(last, "advance") if event.place == place))


@pytest.mark.parametrize("name", EVENTS)
def test_an_entry_is_whole(name: str) -> None:
    event = EVENTS[name]
    assert re.match(r"^[a-z][a-z0-9_]*$", name)
    assert name.startswith(f"d{day(event):%Y_%m_%d}_")
    assert event.about and event.source in SOURCES
    assert {event.actor, event.target} <= PARTIES or (event.actor is None and event.event == "fray")
    assert event.actor != event.target or event.actor is None
    assert set(event.marks) == MARKS.get(str(event.event), set())
    assert event.known_afterwards == (day(event) >= ORIGIN)


def test_the_file_is_in_order_and_every_source_is_used() -> None:
    days = [day(event) for event in EVENTS.values()]
    assert days == sorted(days)
    assert days[0] == dt.date(2016, 2, 27) and days[-1] == dt.date(2024, 11, 27)
    assert {event.source for event in EVENTS.values()} == SOURCES


def test_no_truce_says_what_nobody_could_know() -> None:
    truces = until(dt.date.max, "unilateral_truce", "joint_truce", "agreement_in_force")
    assert len(truces) == 12 and not any(event.marks for event in truces)


@pytest.mark.parametrize(
    ("last", "shares"),
    [
        (
            dt.date(2019, 8, 31),
            {"north_hama": 1.0, "khan_shaykhun_maarat": 0.25, "saraqib_m5": 0.0, "west_aleppo": 0.0},
        ),
        (dt.date(2020, 1, 27), {"khan_shaykhun_maarat": 0.45, "saraqib_m5": 0.0}),
        (dt.date(2020, 1, 31), {"khan_shaykhun_maarat": 0.85, "west_aleppo": 0.25}),
        (dt.date(2020, 2, 1), {"khan_shaykhun_maarat": 1.0}),
        (dt.date(2020, 2, 10), {"saraqib_m5": 1.0, "west_aleppo": 0.35, "idlib_core": 0.0, "jabal_zawiya_m4": 0.0}),
        (dt.date(2020, 2, 26), {"west_aleppo": 0.8, "jabal_zawiya_m4": 0.2}),
    ],
)
def test_sectors_taken(last: dt.date, shares: dict[str, float]) -> None:
    assert {place: taken(place, last) for place in shares} == pytest.approx(shares)


def test_posts_at_the_origin() -> None:
    established = [event.post for event in until(ORIGIN, "establish_post")]
    assert len(established) == len(set(established)) == 12
    assert [event.post for event in until(ORIGIN, "set_post")] == [
        "maar_hattat",
        "saraqib_north",
        "saraqib_east",
        "saraqib_south",
        "saraqib_west",
        "taftanaz",
    ]
    encircled = {str(event.post): day(event) for event in until(ORIGIN, "encircle_post")}
    saraqib = {f"saraqib_{side}": dt.date(2020, 2, 8) for side in ("north", "east", "south", "west")}
    assert encircled == ENCIRCLED | saraqib


def test_no_post_is_hit_encircled_or_evacuated_before_it_stands() -> None:
    standing: set[str | None] = set()
    for event in EVENTS.values():
        if event.event in ("establish_post", "set_post"):
            standing.add(event.post)
        elif event.post is not None:
            assert event.post in standing


def test_fatal_fire_of_the_state_is_answered_within_a_day_and_other_fire_once() -> None:
    answers = {day(event) for event in until(dt.date.max, "retaliate", "operation", "operation_strike")}
    fatal = [event for event in until(dt.date.max, "hit_post") if event.marks["killed"]]
    harmless = [event for event in until(dt.date.max, "hit_post") if not event.marks["killed"]]
    assert len(fatal) == 10 and len(harmless) == 9
    assert all(any(0 <= (answer - day(event)).days <= 1 for answer in answers) for event in fatal)
    assert [day(event) for event in harmless if day(event) in answers] == [dt.date(2019, 6, 16)]


def test_turkish_soldiers_killed_add_up_to_the_record() -> None:
    def killed(first: dt.date, last: dt.date) -> float:
        return sum(event.marks["killed"] for event in until(last, "hit_post") if day(event) >= first)

    assert killed(dt.date(2020, 2, 1), dt.date(2020, 2, 10)) == 13
    assert killed(dt.date(2020, 2, 1), dt.date(2020, 3, 5)) == 57  # of 59: two deaths have no incident of their own


def test_claims_stay_out_of_the_marks() -> None:
    marks = [value for event in EVENTS.values() for key, value in event.marks.items() if key == "killed"]
    assert not {76, 101, 405, 3136} & set(marks)
    assert max(event.marks["killed"] for event in until(ORIGIN, "retaliate")) == 13


def test_the_surge_adds_up_and_the_article_sees_most_of_it() -> None:
    assert sum(event.marks["soldiers"] for event in until(dt.date.max, "reinforce")) == 6500
    assert sum(event.marks["soldiers"] for event in until(dt.date(2020, 2, 10), "reinforce")) == 5850
