"""Sectors and posts: what can be reached, how ground is taken and retaken, and which posts are left behind the line."""

from __future__ import annotations

from typing import Any

import pytest

from sim.conflict import state as st
from sim.model import CeasefireModel
from tests.small import done, look, on_day, played

FREE, BLOCKING, ENCIRCLED = st.FREE, st.BLOCKING, st.ENCIRCLED
RED, BAND = 0, 2  # party numbers of the two sides


def at(model: CeasefireModel, name: str, place: str = "field") -> float:
    return look(model, name, place=place)


def posts(model: CeasefireModel) -> list[float]:
    return [look(model, "post", post=post) for post in ("tower", "gate")]


def after(*effects: dict[str, Any], place: str = "field", **changes: Any) -> CeasefireModel:
    return done(*effects, act={"place": place, "target": "band"}, **changes)


# --- what can be reached --------------------------------------------------------------------------------------------


def test_the_front_is_what_the_first_side_can_reach_and_does_not_hold() -> None:
    model = played(0)
    assert [at(model, "front", place) for place in ("field", "wood")] == [1.0, 0.0]  # the field is open to red
    model = after({"advance": 1.0})
    assert [at(model, "front", place) for place in ("field", "wood")] == [0.0, 1.0]  # now the wood borders red's ground
    half = after({"advance": 0.5})
    assert [at(half, "front", place) for place in ("field", "wood")] == [1.0, 0.0]  # a sector half taken is no bridge


def test_a_sector_partly_taken_can_be_reached_from_itself() -> None:
    places = {"field": {"open_to": []}, "wood": {"taken": 0.2}}
    assert [at(played(0, places=places), "front", place) for place in ("field", "wood")] == [0.0, 1.0]


def test_a_sector_partly_lost_again_is_a_front_again() -> None:
    model = after({"advance": 1.0}, {"retake": 0.3})
    assert (at(model, "control"), at(model, "taken"), at(model, "front")) == (RED, 0.7, 1.0)


def test_what_the_second_side_has_lost_is_retakable_where_it_can_reach_it() -> None:
    assert at(played(0), "retakable") == 0.0
    assert at(after({"advance": 0.5}), "retakable") == 1.0  # it still holds a part
    assert at(after({"advance": 1.0}), "retakable") == 1.0  # the wood beside it is the band's
    alone = after({"advance": 1.0}, places={"field": {"neighbours": []}, "wood": {"neighbours": []}})
    assert at(alone, "retakable") == 0.0


# --- advance --------------------------------------------------------------------------------------------------------


def test_an_advance_encircles_posts_in_the_order_of_their_depth() -> None:
    assert posts(played(0)) == [FREE, BLOCKING]
    assert posts(after({"advance": 0.2})) == [FREE, BLOCKING]
    assert posts(after({"advance": 0.3})) == [ENCIRCLED, BLOCKING]
    assert posts(after({"advance": 0.3}, {"advance": 0.3})) == [ENCIRCLED, ENCIRCLED]
    assert posts(after({"advance": 0.9}, place="wood")) == [FREE, BLOCKING]


@pytest.mark.parametrize("status", ["absent", "evacuated", "encircled"])
def test_an_advance_leaves_posts_alone_that_nobody_mans(status: str) -> None:
    model = after({"advance": 1.0}, posts={"tower": {"status": status}})
    assert posts(model)[0] == {"absent": st.ABSENT, "evacuated": st.EVACUATED, "encircled": ENCIRCLED}[status]


def test_posts_are_counted_in_the_world_and_in_their_place() -> None:
    model = after({"advance": 0.3})
    assert (look(model, "posts_encircled"), look(model, "posts_blocking")) == (1.0, 1.0)
    assert [at(model, f"here.{status}") for status in ("free", "blocking", "encircled")] == [0.0, 1.0, 1.0]
    assert [at(model, f"here.{status}", "wood") for status in ("free", "blocking", "encircled")] == [0.0, 0.0, 0.0]


def test_a_sector_taken_whole_changes_hands_and_its_attack_ends() -> None:
    model = after({"attack": True}, {"advance": 0.6})
    assert (at(model, "control"), at(model, "under_attack"), look(model, "places_lost")) == (BAND, 1.0, 0.0)
    model = after({"attack": True}, {"advance": 0.6}, {"advance": 0.6})
    assert (at(model, "control"), at(model, "taken"), at(model, "under_attack")) == (RED, 1.0, 0.0)
    assert (look(model, "places_lost"), look(model, "attacks")) == (1.0, 0.0)


@pytest.mark.parametrize("steps", [3, 7, 10, 13, 49])
def test_steps_that_add_up_to_the_whole_take_the_whole(steps: int) -> None:
    taken = after(*[{"advance": 1.0 / steps}] * steps)
    assert (at(taken, "taken"), at(taken, "control")) == (1.0, RED)
    back = after({"advance": 1.0}, *[{"retake": 1.0 / steps}] * steps)
    assert (at(back, "taken"), at(back, "control")) == (0.0, BAND)


def test_three_tenths_reach_a_depth_of_three_tenths() -> None:
    assert posts(after(*[{"advance": 0.1}] * 3))[0] == ENCIRCLED


# --- recapture ------------------------------------------------------------------------------------------------------


def test_a_recapture_frees_the_posts_that_the_line_has_left_behind() -> None:
    taken = [{"advance": 0.8}]
    assert posts(after(*taken, {"retake": 0.1})) == [ENCIRCLED, ENCIRCLED]
    assert posts(after(*taken, {"retake": 0.3})) == [ENCIRCLED, FREE]
    assert posts(after(*taken, {"retake": 0.8})) == [FREE, FREE]


def test_a_sector_changes_hands_again_only_when_all_of_it_is_retaken() -> None:
    model = after({"advance": 1.0}, {"retake": 0.9})
    assert (at(model, "control"), look(model, "places_lost")) == (RED, 1.0)
    model = after({"advance": 1.0}, {"retake": 2.0})
    assert (at(model, "control"), at(model, "taken"), look(model, "places_lost")) == (BAND, 0.0, 0.0)


def test_what_the_first_side_held_at_the_start_is_not_lost() -> None:
    model = played(0, places={"wood": {"control": "red"}})
    assert (at(model, "taken", "wood"), look(model, "places_lost")) == (1.0, 0.0)
    model = after({"retake": 1.0}, place="wood", places={"wood": {"control": "red"}})
    assert look(model, "places_lost") == 0.0


# --- attacks --------------------------------------------------------------------------------------------------------


def test_attacks_begin_at_a_place_and_end_there_or_everywhere() -> None:
    def attacked(*effects: tuple[str | None, bool]) -> list[float]:
        acts = {
            f"a{k}": on_day(1, target="band", effects=[{"attack": on}], **({"place": place} if place else {}))
            for k, (place, on) in enumerate(effects)
        }
        model = played(1, interventions=acts)
        return [at(model, "under_attack"), at(model, "under_attack", "wood"), look(model, "attacks")]

    assert attacked(("field", True)) == [1.0, 0.0, 1.0]
    assert attacked(("field", True), ("field", True)) == [1.0, 0.0, 1.0]
    assert attacked(("field", True), ("wood", True)) == [1.0, 1.0, 2.0]
    assert attacked(("field", True), ("wood", True), ("field", False)) == [0.0, 1.0, 1.0]
    assert attacked(("field", True), ("wood", True), (None, False)) == [0.0, 0.0, 0.0]


def test_the_end_of_the_last_attack_lets_the_rung_of_the_sides_come_down() -> None:
    def rung(*stops: str) -> float:
        acts = {f"a{place}": on_day(1, event="attack", target="band", place=place) for place in ("field", "wood")}
        acts |= {f"z{place}": on_day(2, target="band", place=place, effects=[{"attack": False}]) for place in stops}
        model = played(2, events={"attack": {"rung": 6, "effects": [{"attack": True}]}}, interventions=acts)
        return look(model, "rung.red.band")

    assert rung() == rung("field") == 6.0
    assert rung("field", "wood") == 5.0
