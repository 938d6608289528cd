"""What the page of limits says of the evidence is what the scenario and the chronology hold."""

from __future__ import annotations

import datetime as dt

from sim.documenting.evidence import afterwards, bases, claims, few, grades, truces
from sim.documenting.subject import Subject
from sim.scenario.numbers import uncertain


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()[2:]]


def test_grades_add_up_to_what_there_is(flagship: Subject) -> None:
    s = flagship.scenario
    sums = [sum(int(row[column]) for row in rows(grades(flagship))) for column in range(1, 6)]
    assert sums == [len(s.rules), len(s.events), len(s.parameters), len(s.quantities), len(uncertain(s))]


def test_few_cases_are_listed_with_their_number(flagship: Subject) -> None:
    by_n = {row[0]: row[2] for row in rows(few(flagship))}
    assert "`parameters.reply_ratio`" in by_n["1"]
    assert "`parameters.retaliation`" in by_n["3"]
    assert "`parameters.hit_offensive`" not in str(by_n)  # nine cases


def test_bases_are_found_wherever_they_stand(flagship: Subject) -> None:
    found = dict(bases(flagship.scenario))
    assert {"fighting.drift", "rules.fray", "quantities.posture", "outcomes.direct_war"} <= set(found)
    assert found["rules.fray"] is flagship.scenario.rules["fray"].basis


def test_notes_that_know_later_events_are_all_listed(flagship: Subject) -> None:
    listed = afterwards(flagship)
    assert all(
        f"`{path}`" in listed for path in ("quantities.posture", "parameters.retaliation", "parameters.hit_calm")
    )
    for path, it in bases(flagship.scenario):
        assert "known afterwards" not in (it.note or "") or f"`{path}`" in listed, path


def test_a_claim_stands_beside_what_is_counted(flagship: Subject) -> None:
    by_day = {row[0]: row for row in rows(claims(flagship))}
    assert by_day["2020-02-03"][2] == "killed 13"
    assert "Turkey claims 76" in by_day["2020-02-03"][3]
    assert by_day["2020-02-28"][5] == "yes"
    assert "3,136" in by_day["2020-02-28"][3]


def test_truces_by_level_with_their_lengths(flagship: Subject) -> None:
    found = {row[0]: row for row in rows(truces(flagship))}
    assert found["2018-09-17"][1:] == ["leader", "`agreement_in_force`", "no", "2019-04-30", "225"]
    assert [row[5] for row in found.values() if row[1] == "lower" and row[0] > "2018"] == ["2", "2", "3", "3"]
    later = [row for row in found.values() if dt.date.fromisoformat(row[0]) >= flagship.scenario.origin]
    assert [row[3] for row in later] == ["yes"]
