"""The mechanisms of the article, one row each: what is switched off, where it can act, which outcome moves and which
way.

The table is the documentation: `docs/explanation/mechanisms.md` is made from it, and `test_ablations.py` runs it. A row
is run twice with the same luck, with the mechanism and without it. `variant` holds in both runs: it puts the mechanism
in a place where it can act (an earlier origin, a rule switched on, an assumed rate at the upper end of its own range).
`without` (rules) and `changes` (numbers, effects) are what is off in the second run. Columns of outcomes are those of
the table of trials; `NAME` alone of an outcome is the share of trials in which it happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Changes = Mapping[str, str]

ARTICLE, EVE = "idlib-2020-02-11", "no-blocking-posts"
SOCHI, AUGUST, JANUARY, MOSCOW = "sochi-2018-09-17", "idlib-2019-08-01", "idlib-2020-01-12", "moscow-2020-03-06"
POSTS_ALLOWED = {"rules.set_post.enabled": "true"}  # 29 January 2020, before blocking posts stood, with the rule on
LIKELY_CLASH = {"rules.clash.rate": "0.001", "horizon_days": "60"}  # the upper end of an assumed range
GROUNDED = "{aircraft_grounded: {on: 2020-01-29, event: air_support_off, actor: russia, target: syria}}"
BLAMED_ON_SYRIA = (
    "[{kill: killed}, {provoke: killed, blame: syria}, "
    "{add: restraint, by: 0.05, of: hts}, {multiply: patrols, by: 0.5}]"
)


@dataclass(frozen=True)
class Mechanism:
    """One mechanism and its ablation. `event` is what a trial told day by day shows of it."""

    name: str
    anchor: str
    event: str
    scenario: str
    off: str
    outcome: str
    moves: Literal["falls", "rises"]
    without: tuple[str, ...] = ()
    changes: Changes = field(default_factory=dict)
    variant: Changes = field(default_factory=dict)
    trials: int = 400


SENTENCES = {
    "A1": "attacks on Turkish posts strain relations between Ankara and Moscow, whatever is done to calm things",
    "A2": "five Turkish soldiers are killed at Taftanaz on 10 February",
    "A3": "Turkish soldiers die for the second time in the month; the two armies bombard each other again",
    "A4": "Turks and Syrians fight each other directly, which may blow up the agreement of 2018",
    "A5": "Russia stands behind the Syrian government, Turkey behind the opposition",
    "A6": "Turkey sends thousands of soldiers to protect its posts",
    "A7": "Ankara tells Syria to go back to the ceasefire lines of 2018",
    "A8": "the build-up is read as the eve of a ground operation",
    "A9": "delegations meet in Ankara after a first round without result",
    "A10": "Turkey's spokesman: attacks on posts must stop and will be answered",
    "A11": "Idlib is a stronghold of the opposition",
    "A12": "government forces advance with Russia and Iranian militias behind them",
    "A13": "nearly 600,000 people have fled since December",
}

TABLE = (
    Mechanism(
        "attack on a post or position", "A1, A2", "hit_post", ARTICLE,
        "Syrian fire never hits Turkish troops", "direct_war", "falls",
        without=("hit_post", "hit_post_calm", "hit_blocking", "hit_in_operation"),
    ),
    Mechanism(
        "deaths are answered", "A3, A10", "retaliate", ARTICLE,
        "nobody answers fatal fire", "direct_war", "falls", without=("retaliation",),
    ),
    Mechanism(
        "deaths as the threshold: fire that kills nobody is let pass", "A10", "protest", AUGUST,
        "fire without dead is answered as often as fatal fire", "direct_war", "rises",
        changes={"parameters.retaliation_nonfatal.value": "0.95"},
    ),
    Mechanism(
        "attribution to Syria, not to Russia", "A1, A3", "hit_post", ARTICLE,
        "Russia is blamed for every strike that its aircraft had a part in", "clash_acknowledged", "rises",
        changes={"parameters.blames_patron.value": "1"}, variant={"horizon_days": "90"}, trials=800,
    ),
    Mechanism(
        "attribution: attacks by those outside the deal are not laid at the door of Damascus", "A3",
        "outsider_attack", MOSCOW, "Syria is blamed for them", "deaths_syria", "rises",
        changes={"events.outsider_attack.effects": BLAMED_ON_SYRIA}, variant={"horizon_days": "180"},
    ),
    Mechanism(
        "reply out of proportion as losses mount", "A3, A10", "retaliate", ARTICLE,
        "the reply does not grow with the dead already mourned", "deaths_syria", "falls",
        changes={"parameters.reply_growth.value": "1"}, variant={"horizon_days": "60"},
    ),
    Mechanism(
        "direct Turkish-Syrian fighting", "A3, A4", "operation_strike", ARTICLE,
        "Turkey declares operations and does not strike in them", "direct_war", "falls", without=("operation_strike",),
    ),
    Mechanism(
        "erosion of the 2018 agreement", "A4", "shelling", SOCHI,
        "violations below an offensive (shelling, bombing) stop, and with them what they wear down", "repudiated",
        "falls", without=("shelling", "air_strike"), trials=1000,
    ),
    Mechanism(
        "blow-up of the 2018 agreement", "A4", "repudiate", ARTICLE,
        "nobody declares it dead", "breakdown", "falls", without=("repudiation", "repudiation_by_client"),
    ),
    Mechanism(
        "reinforcement", "A6, A8", "reinforce", ARTICLE,
        "no soldiers are sent", "posts_encircled", "rises", without=("reinforce",),
    ),
    Mechanism(
        "blocking posts as tripwires", "A6", "set_post", EVE,
        "no blocking posts are set", "direct_war", "falls", without=("set_post",), variant=POSTS_ALLOWED,
    ),
    Mechanism(
        "ultimatum to return to the lines of 2018", "A7", "ultimatum", EVE,
        "no ultimatum is issued", "ground_operation", "falls", without=("ultimatum",), variant=POSTS_ALLOWED,
    ),
    Mechanism(
        "ground operation on expiry of the ultimatum", "A8", "operation", ARTICLE,
        "a date that passes has no consequence", "ground_operation", "falls", without=("operation_on_expiry",),
    ),
    Mechanism(
        "ground operation on mass casualties", "A8", "operation", "ultimatum-withdrawn",
        "ten dead at once have no consequence of their own", "direct_war", "falls",
        without=("operation_on_mass_casualties",),
    ),
    Mechanism(
        "failed rounds of talks", "A9", "talks", EVE,
        "delegations do not meet, so no failure calls the presidents", "new_agreement", "falls",
        without=("talks",), variant=POSTS_ALLOWED,
    ),
    Mechanism(
        "leader-level deals", "A9", "agreement_in_force", ARTICLE,
        "no deal is offered", "deaths", "rises", without=("offer_deal",),
    ),
    Mechanism(
        "fragile truces", "A1", "truce_breaks", JANUARY,
        "no lower-level truce is of the short kind", "places_lost", "falls",
        changes={"parameters.fragile_lower.value": "0"},
    ),
    Mechanism(
        "lasting truces", "A1", "agreement_in_force", SOCHI,
        "every leader-level truce is of the short kind", "collapse", "rises",
        changes={"parameters.fragile_leader.value": "1"}, variant={"horizon_days": "180"},
    ),
    Mechanism(
        "advance by sector", "A12", "advance", EVE,
        "no ground is taken", "places_lost", "falls", without=("advance",),
    ),
    Mechanism(
        "Russian air support of the advance", "A5, A12", "air_strike", EVE,
        "the aircraft stay on the ground", "places_lost", "falls",
        without=("air_support_on",), changes={"interventions": GROUNDED},
    ),
    Mechanism(
        "Iranian militias in the advance", "A12", "militia_reinforcement", EVE,
        "they bring no infantry", "places_lost", "falls", without=("militia_reinforcement",),
    ),
    Mechanism(
        "patrons restrain clients: Moscow and Damascus", "A5", "offensive", SOCHI,
        "Moscow's restraint has no effect on Syrian offensives", "collapse", "rises",
        changes={"parameters.leash.value": "1"},
    ),
    Mechanism(
        "patrons restrain clients: Tehran and the militias", "A12", "militia_fire", ARTICLE,
        "the order not to fire on Turkish troops is lifted", "deaths_turkey", "rises",
        changes={"relations.iran_militias.restraint": "0"},
    ),
    Mechanism(
        "clients slip the leash", "A5", "offensive", SOCHI,
        "restraint is complete, and its effect at the strong end of its range", "collapse", "falls",
        changes={"parameters.restraint_deal.value": "1", "parameters.restraint_war.value": "1",
        "parameters.leash.value": "0.05"},
        variant={"horizon_days": "120"}, trials=1200,
    ),
    Mechanism(
        "rebel counter-attack", "A11", "counterattack", ARTICLE,
        "the rebels never strike back", "posts_encircled", "rises", without=("counterattack",),
    ),
    Mechanism(
        "raids by those outside the deal", "A11", "raid", MOSCOW,
        "nobody raids in a truce", "collapse", "falls", without=("raid",),
        variant={"horizon_days": "120"}, trials=1200,
    ),
    Mechanism(
        "infighting in a lull", "A11", "infighting", SOCHI,
        "rebel groups do not fight each other", "displaced", "falls", without=("infighting",), trials=4000,
    ),
    Mechanism(
        "Turkish-Russian tension", "A1", "clash", ARTICLE,
        "tension does not raise the hazard of a clash", "clash_acknowledged", "falls",
        changes={"rules.clash.ratios.tension": "1"}, variant=LIKELY_CLASH, trials=1600,
    ),
    Mechanism(
        "Turkish-Russian avoidance", "A1", "deconflict", ARTICLE,
        "the two armies never agree how to keep apart", "clash_acknowledged", "rises",
        without=("deconflict",), variant=LIKELY_CLASH, trials=4000,
    ),
    Mechanism(
        "clash, acknowledged", "A1", "clash", ARTICLE,
        "Turks and Russians never fire on each other", "clash_acknowledged", "falls",
        without=("clash", "fire_on_patron"), variant=LIKELY_CLASH, trials=800,
    ),
    Mechanism(
        "clash, deniable", "A1", "hit_post", ARTICLE,
        "Russian aircraft have no part in hits on Turkish troops", "clash_deniable", "falls",
        changes={"parameters.aircraft.value": "0"}, variant={"horizon_days": "60"},
    ),
    Mechanism(
        "encircled posts as bargaining chips", "A1", "accept_deal", ARTICLE,
        "surrounded posts weigh nothing when Turkey accepts a deal or opens an operation", "new_agreement", "falls",
        changes={
            "rules.accept_deal.ratios.posts_encircled": "1",
            "rules.operation_on_expiry.ratios.posts_encircled": "1",
            "rules.operation_on_mass_casualties.ratios.posts_encircled": "1",
        },
    ),
    Mechanism(
        "displacement by the approach of the front", "A13", "advance", EVE,
        "nobody flees", "displaced", "falls", changes={"displacement.rate": "0"},
    ),
    Mechanism(
        "displacement puts pressure on Turkey", "A13", "border_opening", EVE,
        "people at the border do not press, so the presidents call each other later", "new_agreement", "falls",
        changes={"displacement.presses.per_thousand": "0"},
        variant={**POSTS_ALLOWED, "horizon_days": "60"}, trials=2000,
    ),
    Mechanism(
        "withdrawal as a way down", "A7", "withdraw_to_lines", ARTICLE,
        "Damascus never pulls back", "places_lost", "rises", without=("withdraw_to_lines",), trials=800,
    ),
    Mechanism(
        "joint patrols as a way down", "A4", "joint_patrol", MOSCOW,
        "nobody patrols", "collapse", "rises", without=("joint_patrol",),
    ),
    Mechanism(
        "learning from failed truces", "A9", "truce_breaks", AUGUST,
        "a failed truce costs no belief in the next", "deaths", "falls",
        changes={"parameters.memory.value": "1"}, trials=800,
    ),
)  # fmt: skip
