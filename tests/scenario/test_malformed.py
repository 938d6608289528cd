"""Wrong files: each gives its message at its line, and nothing is written.

A case changes one passage of `small.yaml`: the passage, what stands there instead, a part of the message, and (where
the change is not one line) a text on the line that the message must name.
"""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.scenario.compiling import compile_scenario
from sim.scenario.loading import load
from sim.scenario.nodes import parse_yaml
from sim.scenario.numbers import fix
from sim.scenario.writing import as_yaml
from tests.scenario.conftest import SMALL

CASES: dict[str, tuple[str, ...]] = {
    # --- YAML ---
    "duplicate key": (
        "name: small\n",
        "name: small\nname: large\n",
        "given twice; the first is in line 1",
        "name: large",
    ),
    "duplicate rule": ("rules:\n", "rules:\n  strike: {event: strike, rate: 1}\n", "given twice", "strike: # rule"),
    "yes is no truth value": ("headline: true}", "headline: yes}", "write true"),
    "no is no truth value": ("fragile: false", "fragile: no", "write false"),
    "quoted word for truth": ("- {fire: true}", '- {fire: "true"}', "true is not true or false"),
    "tag": ("horizon_days: 30", "horizon_days: !!python/object/apply:os.system [ls]", "tags are not allowed"),
    "own tag": ("horizon_days: 30", "horizon_days: !day 30", "tag !day"),
    "merge key": ("actors:\n", "actors:\n  <<: {a: 1}\n", "use `extends`", "<<: {a: 1}"),
    "infinite": ("horizon_days: 30", "horizon_days: .inf", ".inf is not a finite number"),
    "not a number": ("restraint: 0.4", "restraint: .nan", "not a finite number"),
    "overflow": ("restraint: 0.4", "restraint: 1e999", "too large for a number"),
    "leading zero": ("horizon_days: 30", "horizon_days: 030", "begins with 0"),
    "no such day": ("origin: 2020-03-01", "origin: 2020-02-30", "not a date of the calendar"),
    "truth as key": ("  south: {name: Southland", "  true: {name: Southland", "not a word, a whole number or a date"),
    "fraction as key": ("ladder: {0: calm", "ladder: {0.5: calm", "not a word, a whole number or a date"),
    "list as key": ("actors:\n", "actors:\n  ? [a, b]\n  : 1\n", "a key is a word", "? [a, b]"),
    "unclosed": ("name: small\n", "name: [small\n", "is not YAML", "about: An"),
    "tab": ("horizon_days: 30", "horizon_days:\n\t30", "spaces, not tabs", "\t30"),
    "control character": ("The Hill", "The \x01 Hill", "is not YAML"),
    "unknown alias": ("name: small\n", "name: *nobody\n", "*nobody stands for nothing"),
    "alias of itself": ("horizon_days: 30", "horizon_days: &a [*a]", "stands for nothing that is complete"),
    "two documents": ("actors:\n", "---\nactors:\n", "a second document", "---"),
    "deep nesting": ("horizon_days: 30", f"horizon_days: {'[' * 60}{']' * 60}", "nested more than 40 deep"),
    # --- shape ---
    "unknown section": ("relations:\n", "relation:\n", "unknown key; allowed:"),
    "unknown section, meant": ("relations:\n", "relation:\n", "did you mean `relations`?"),
    "unknown key": ("horizon_days: 30", "horizn_days: 30", "did you mean `horizon_days`?"),
    "unknown key of a rule": ("    within_days: 7\n", "    with_days: 7\n", "did you mean `within_days`?"),
    "unknown key of a gate": ("{above: 100}", "{over: 100}", "unknown key; allowed: above"),
    "missing": ("    event: answer\n", "", "is missing", "  answer: # rule"),
    "missing section": ("origin: 2020-03-01\n", "", "origin: is missing"),
    "text for number": ("horizon_days: 30", "horizon_days: thirty", "thirty is not a whole number"),
    "fraction for whole": ("horizon_days: 30", "horizon_days: 30.5", "not a whole number"),
    "whole entry": ("  hill: {name", "  hill: here\n  moor: {name", "places.hill: here is not a map", "hill: here"),
    "out of range": ("horizon_days: 30", "horizon_days: 0", "allowed: at least 1"),
    "number for text": ("name: small\n", "name: 5\n", "put it in quotes"),
    "number for date": ("origin: 2020-03-01", "origin: 20200301", "is not a date"),
    "list for map": ("ladder: {0: calm, 4: limited fire, 7: open war}", "ladder: [calm]", "a list is not a map"),
    "scalar for list": ("parties: [north, south, old]", "parties: north", "north is not a list"),
    "one side": ("between: [south, league]", "between: [south]", "is missing"),
    "kind": ("kind: state}\n  south", "kind: stat}\n  south", "did you mean `state`?", "kind: stat}"),
    "phase": ("phase: reaction", "phase: response", "response is unknown; allowed: initiative, reaction"),
    "bad id": ("  hill: {", "  Hill: {", "`Hill` is not an id"),
    "null": ("origin: 2020-03-01", "origin:", "null is not a date"),
    "two grades": ("basis: {coded: [diary], n: 4}", "basis: {coded: [diary], fitted: [diary]}", "exactly one of"),
    "no grade": ("basis: {coded: [diary], n: 4}", "basis: {note: none}", "found none"),
    "structural": ("horizon_days: 30", "horizon_days: {dist: uniform, low: 1, high: 9}", "cannot be uncertain"),
    "structural by name": ("lat: 1, lon: 2", "lat: $lethal, lon: 2", "cannot be uncertain"),
    "nothing to gate": ("when: {provoked_fatal: true}", "when: {provoked_fatal: null}", "null is not"),
    # --- numbers ---
    "unknown law": ("{dist: uniform, low: 0.01", "{dist: unifrom, low: 0.01", "did you mean `uniform`?"),
    "impossible law": ("low: 0.01, high: 0.05}", "low: 0.1, high: 0.05}", "low 0.1 is not below high 0.05"),
    "missing argument": ("{dist: uniform, low: 0.01, high: 0.05}", "{dist: uniform, low: 0.01}", "needs `high`"),
    "argument of another law": ("{dist: gamma, shape: 30, scale: 1}", "{dist: gamma, mean: 30}", "has no `mean`"),
    "negative spread": ("{dist: gamma, shape: 30, scale: 1}", "{dist: gamma, shape: 30, scale: -1}", "not above 0"),
    "map for number": (
        "restraint: 0.4",
        "restraint: {low: 1}",
        "{low: 1} is not a number; a distribution has the key `dist`",
    ),
    "text for uncertain": ("restraint: 0.4", "restraint: half", "'half' is not a number"),
    "truth for uncertain": ("restraint: 0.4", "restraint: true", "true is not a number"),
    "probability": ("    probability: 0.1\n", "    probability: 1.1\n", "allowed: 0 to 1"),
    "probability of a mark": ("probability: 0.8, size", "probability: -0.1, size", "allowed: 0 to 1"),
    "uncertain probability": (
        "    probability: 0.1\n",
        "    probability: {dist: normal, mean: 0.5, sd: 0.4}\n",
        "the normal distribution reaches down to",
    ),
    "shared probability": (
        "{dist: beta, a: 2, b: 8}",
        "{dist: beta, a: 2, b: 8, high: 2}",
        "$lethal reaches 2",
        "{probability: $lethal",
    ),
    "negative rate": ("rate: {dist: uniform, low: 0.01", "rate: {dist: uniform, low: -0.01", "allowed: at least 0"),
    "ratio of nothing": ("ratios: {trust: 0.5}", "ratios: {trust: 0}", "allowed: above 0"),
    "restraint": ("restraint: 0.4", "restraint: 1.4", "allowed: 0 to 1"),
    "unknown parameter": ("$lethal, size", "$leathal, size", "did you mean `lethal`?"),
    "parameter of a parameter": ("{value: {dist: beta, a: 2, b: 8}", "{value: $lethal", "names another parameter"),
    "initial out of range": ("initial: 0.5, low: 0", "initial: 1.5, low: 0", "allowed: 0 to 1"),
    "initial by place": ("initial: {north: 1}", "initial: {hill: 1}", "there is no party `hill`"),
    "size of a regime": ("size: 0.5}", "size: 0}", "allowed: above 0"),
    "size without law": ("{law: lognormal, median: 3, sigma: 1}", "{law: lognormal, median: 3}", "needs sigma"),
    "size of another law": ("median: 3, sigma: 1}", "median: 3, sigma: 1, mean: 2}", "does not belong to the law"),
    # --- names ---
    "unknown actor": ("    actor: north\n", "    actor: nroth\n", "did you mean `north`?"),
    "unknown target": ("    target: north\n", "    target: east\n", "there is no party `east`"),
    "acts on itself": ("    target: league\n", "    target: south\n", "they are one agent"),
    "unknown event": ("    event: assault\n", "    event: asault\n", "did you mean `assault`?"),
    "unknown neighbour": ("neighbours: [vale]", "neighbours: [vael]", "did you mean `vale`?"),
    "one-sided neighbour": ("neighbours: [hill]}", "neighbours: []}", "`vale` does not list `hill`", "  hill: {"),
    "own neighbour": ("neighbours: [vale]", "neighbours: [hill]", "cannot be its own neighbour"),
    "control": ("lon: 2, control: league", "lon: 2, control: north", "no side of the fighting `north`"),
    "unknown place": ("owner: north, place: hill", "owner: north, place: moor", "there is no place `moor`"),
    "unknown owner": ("owner: north, place", "owner: nort, place", "did you mean `north`?"),
    "unknown term": ("- {answer: true}", "- {meet: leave_hil}", "did you mean `leave_hill`?"),
    "unknown rule": ("{disable: [assault]}", "{disable: [assualt]}", "did you mean `assault`?"),
    "unknown regime": ("- {regime: war}", "- {regime: wra}", "did you mean `war`?"),
    "unknown source": ("basis: {coded: [diary], n: 2}", "basis: {coded: [dairy], n: 2}", "did you mean `diary`?"),
    "unknown source of an event": ("source: diary}", "source: dairy}", "did you mean `diary`?"),
    "unknown perception": (
        "when: {provoked_fatal: true}",
        "when: {provokd_fatal: true}",
        "did you mean `provoked_fatal`?",
    ),
    "unknown event in a gate": ("count.strike:", "count.stricke:", "there is no event `stricke`"),
    "unknown mark": ("{kill: killed}", "{kill: wounded}", "there is no mark `wounded`"),
    "mark before it is drawn": ("{mark.killed: {at_least: 2}}", "{mark.public: true}", "not drawn at this point"),
    "perception of the item": ("{provoked_fatal: true}", "{under_attack: true}", "it needs for_each or pick"),
    "perception of a post": ("where: {front: true}", "where: {post: free}", "`post` is of a post"),
    "quantity of nobody": ("{deaths_7d: {above: 100}}", "{pressure: {above: 1}}", "is of an actor"),
    "unknown value": ("{regime: {below: war}", "{regime: {below: wars}", "did you mean `war`?"),
    "unknown status": ("[free, encircled]", "[free, circled]", "did you mean `encircled`?"),
    "told": ("{killed} dead", "{kiled} dead", "did you mean `killed`?"),
    "rung not on the ladder": ("rung: {default: 4, killed: 7}", "rung: {default: 4, killed: 8}", "allowed: 0, 4, 7"),
    "two patrons": (
        "places:\n",
        "  other: {patron: south, client: league, restraint: 1}\nplaces:\n",
        "has a patron already, in `sponsor`",
        "  other: {",
    ),
    "party named twice": ("      young: {", "      north: {", "names two parties"),
    "reserved id": ("      young: {", "      target: {", "a meaning of its own"),
    # --- rules ---
    "no pace": ("    probability: 0.9\n    when", "    when", "neither of rate and probability", "  answer: # rule"),
    "two paces": (
        "    probability: 0.9\n",
        "    probability: 0.9\n    rate: 1\n",
        "both of rate and probability",
        "  answer: # rule",
    ),
    "for_each with pick": (
        "    for_each: post\n",
        "    for_each: post\n    pick: post\n",
        "both for_each and pick",
        "    pick: post",
    ),
    "where without item": (
        "    phase: reaction\n",
        "    phase: reaction\n    where: {front: true}\n",
        "goes with for_each",
        "    where: {front: true}\n    probab",
    ),
    "weights without pick": (
        "    for_each: post\n",
        "    for_each: post\n    weights: {value: 2}\n",
        "goes with pick",
        "weights: {value: 2}\n    where",
    ),
    "gate below the lowest": ("{regime: {below: war}", "{regime: {below: quiet}", "can never hold"),
    "contradictory gate": ("{at_most: 5}", "{at_most: 5, at_least: 6}", "contradict each other"),
    "contradictory strict gate": ("{at_most: 5}", "{below: 5, at_least: 5}", "contradict each other"),
    "empty gate": ("{at_most: 5}", "{}", "has no bound"),
    "value out of range": ("{front: true}", "{front: 2}", "2 is never a value of `front`"),
    "no posts": (
        "posts:\n  gate: {name: The Gate, owner: north, place: hill}\n",
        "",
        "the scenario has no posts",
        "for_each: post",
    ),
    "event needs an item": (
        "    pick: place\n    where: {front: true}\n    weights: {value: 2}\n",
        "",
        "no place here",
        "    event: assault",
    ),
    "event needs a post": (
        "    for_each: post\n    where: {post: [free, encircled]}\n",
        "",
        "no post here",
        "    event: strike",
    ),
    "choice across phases": (
        "    phase: reaction\n",
        "    phase: reaction\n    choice: fire\n",
        "rivals act in one phase",
        "    choice: fire\n    probab",
    ),
    # --- effects ---
    "no verb": ("- {answer: true}", "- {blame: north}", "exactly one verb; found none"),
    "two verbs": ("- {answer: true}", "- {answer: true, fire: true}", "found `fire` and `answer`"),
    "stray argument": ("{kill: killed}", "{kill: killed, blame: north}", "does not go with `kill`"),
    "add nothing": ("{add: trust, by: -0.1}", "{add: trust}", "`add` needs `by`"),
    "unknown quantity": ("{add: trust, by", "{add: trsut, by", "did you mean `trust`?"),
    "of whom": ("of: target}", "of: targets}", "did you mean `target`?"),
    "false effect": ("- {fire: true}", "- {fire: false}", "does nothing as false"),
    "empty list of rules": ("{disable: [assault]}", "{disable: []}", "list at least one rule"),
    "case never reached": ("- {when: {post: encircled}, probability: 0.8", "- {probability: 0.8", "never reached"),
    "written, never read": ("    ratios: {trust: 0.5}\n", "", "`trust` is written but never read", "{add: trust"),
    # --- dates ---
    "intervention too early": ("{on: 2020-03-10", "{on: 2020-02-28", "belongs in history.events"),
    "intervention too late": ("{on: 2020-03-10", "{on: 2020-03-31", "allowed: 2020-03-01 to 2020-03-30"),
    "intervention without time": ("    when: {deaths_7d: {above: 100}}\n", "", "never happens", "  panic:"),
    "intervention without deed": ("2020-03-10, event: deal", "2020-03-10", "does nothing", "  summit:"),
    "mark that does not exist": ("marks: {killed: 1}", "marks: {wounded: 1}", "no mark `wounded`"),
    "weeks that overlap": ("    2020-02-22: 20\n", "    2020-02-23: 20\n", "overlap", "    2020-02-29: 35"),
    "week after the origin": ("    2020-02-29: 35\n", "    2020-03-07: 35\n", "not before the origin"),
    "history without a date": ("{on: 2020-02-20, event", "{event", "what happened has a date"),
    "start after origin": ("  start: 2020-02-01", "  start: 2020-03-02", "not before the origin"),
    "two dates of a term": ("{due: 2020-02-15}", "{due: 2020-02-15, due_in_days: 3}", "both due and due_in_days"),
    # --- outcomes ---
    "no headline": (
        ", before: peace, headline: true}",
        ", before: peace}",
        "exactly one outcome is `headline: true`; found none",
        "outcomes:",
    ),
    "two headlines": (
        "state: truce, at_least: 2}",
        "state: truce, at_least: 2, headline: true}",
        "found `peace` and `over`",
        "outcomes:",
    ),
    "unknown outcome": ("any: [collapse, war]", "any: [collapse, wra]", "did you mean `war`?"),
    "circle": ("peace: {state: truce, at_least: 2}", "peace: {not: over}", "in a circle: peace > over"),
    "unknown counter": ("{count: deaths, window", "{count: death, window", "did you mean `deaths`?"),
    "counter of one party": ("mutual_fire.north.south", "mutual_fire.north", "write mutual_fire.A.B"),
    "counter of nobody": ("mutual_fire.north.south", "mutual_fire.north.sout", "did you mean `south`?"),
    "count without threshold": (
        ", window_days: 7, days_at_least: 3",
        ", window_days: 7",
        "exactly one of at_least",
        "{count: mutual_fire",
    ),
    "more days than the window": ("days_at_least: 3", "days_at_least: 9", "never lie in a window of 7"),
    "state without bound": ("{state: truce, at_least: 2}", "{state: truce}", "state needs a bound"),
    "state of an actor": ("{state: truce, at_least: 2}", "{state: restraint, at_least: 2}", "is of an actor"),
    "state out of reach": ("{state: truce, at_least: 2}", "{state: truce, above: 2}", "can never hold"),
    "two heads": ("{state: truce, at_least: 2}", "{state: truce, count: deaths, at_least: 2}", "exactly one of all"),
    "unknown before": ("before: peace", "before: peach", "did you mean `peace`?"),
    "unknown end": (
        "ends_when: [peace]",
        "ends_when: [over, peach]",
        "ends_when.1: there is no outcome `peach`; allowed: collapse, war, peace, over; did you mean `peace`?",
    ),
    "an end that is no list": ("ends_when: [peace]", "ends_when: peace", "is not a list"),
    "other reading, unknown key": (
        "at_least: 100, backdate_to",
        "at_least: 100, also: [{at_least: 70}, {at_last: 150}], backdate_to",
        "also.1.at_last: is no key of a count; allowed: count, at_least, days_at_least, window_days; did you mean",
    ),
    "other reading, key of the outcome": (
        "at_least: 100, backdate_to",
        "at_least: 100, also: [{backdate_to: 5}], backdate_to",
        "is no key of a count; allowed: count, at_least, days_at_least, window_days",
    ),
    "other reading, key of a state": (
        "at_least: 2}\n  over",
        "at_least: 2, also: [{window_days: 3}]}\n  over",
        "is no key of a state; allowed: state, at_least, below, above",
        "also: [{window_days: 3}]",
    ),
    "other reading of all": (
        "  war:\n",
        "  war:\n    also: [{at_least: 2}]\n",
        "only a count or a state has other readings",
        "    also: [{at_least: 2}]",
    ),
    "other reading, no number": (
        "days_at_least: 3}",
        "days_at_least: 3, also: [{days_at_least: many}]}",
        "also.0: makes no condition",
    ),
    "other reading, nothing left": (
        "days_at_least: 3}",
        "days_at_least: 3, also: [{days_at_least: null}]}",
        "count needs exactly one of at_least, days_at_least; found none",
    ),
    "other reading, two thresholds": (
        "days_at_least: 3}",
        "days_at_least: 3, also: [{at_least: 3}]}",
        "found at_least and days_at_least",
    ),
    "other reading, more days than the window": (
        "days_at_least: 3}",
        "days_at_least: 3, also: [{window_days: 2}]}",
        "3 days can never lie in a window of 2",
    ),
    "other reading, nobody": (
        "days_at_least: 3}",
        "days_at_least: 3, also: [{count: fire.north.sout}]}",
        "did you mean `south`?",
    ),
}


def problems_of(path: Path) -> list[str]:
    """The problems of a file, one string each."""
    with pytest.raises(ScenarioError) as caught:
        load(path)
    return str(caught.value).splitlines()


def changed(text: str, old: str, new: str) -> str:
    """The text with one passage changed; the passage must be there."""
    assert old in text
    return text.replace(old, new, 1)


def expected_line(wrong: str, new: str, anchor: str) -> int:
    """The number of the line that the error must name."""
    text = anchor or new.strip("\n")
    assert anchor or "\n" not in text, "name a text on the expected line"
    assert text in wrong
    return wrong[: wrong.index(text)].count("\n") + 1


def file_of(tmp_path: Path, text: str, case: tuple[str, ...]) -> tuple[Path, str, int]:
    """The wrong file of a case, the message and the line it must give."""
    old, new, message, anchor = (*case, "")[:4]
    wrong = changed(text, old, new)
    path = tmp_path / "wrong.yaml"
    path.write_text(wrong, encoding="utf-8")
    return path, message, expected_line(wrong, new, anchor)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_message_and_line(tmp_path: Path, text: str, case: tuple[str, ...]) -> None:
    path, message, line = file_of(tmp_path, text, case)
    problems = problems_of(path)
    assert any(problem.startswith(f"{path}:{line}:") and message in problem for problem in problems), (line, problems)
    assert list(tmp_path.iterdir()) == [path]


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", ["unknown actor", "probability", "duplicate key"])
def test_the_table_can_fail(tmp_path: Path, text: str, name: str) -> None:
    """The right file, another line or another message would not pass."""
    path, message, line = file_of(tmp_path, text, CASES[name])
    problems = problems_of(path)
    assert not any(problem.startswith(f"{path}:{line + 1}:") and message in problem for problem in problems)
    path.write_text(text, encoding="utf-8")
    assert load(path).name == "small"


def test_all_at_once(tmp_path: Path, text: str) -> None:
    """Faults of YAML, of shape and of meaning in one file are told together, in the order of the lines."""
    wrong = changed(text, "horizon_days: 30", "horizn_days: 30")
    wrong = changed(wrong, "fragile: false", "fragile: no")
    wrong = changed(wrong, "    actor: north\n", "    actor: nroth\n")
    path = tmp_path / "wrong.yaml"
    path.write_text(wrong, encoding="utf-8")
    problems = problems_of(path)
    keys = [problem.split(": ")[1] for problem in problems]
    assert keys == ["horizn_days", "events.deal.effects.0.fragile", "rules.answer.actor"]


def test_what_follows_from_a_fault_is_not_told(tmp_path: Path, text: str) -> None:
    """A misshapen source is one fault, not one more for each basis that names it."""
    path, _, _ = file_of(tmp_path, text, ("  diary: The diary of an invented witness", "  diary: 5", ""))
    assert problems_of(path) == [f"{path}:138:10: sources.diary: 5 is not text; put it in quotes if it is text"]


# --- any change at all -----------------------------------------------------------------------------------------------

VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        5,
        -1,
        0,
        0.5,
        1e9,
        "x",
        "$x",
        "$lethal",
        "north",
        "league",
        "strike",
        "hill",
        "war",
        "killed",
    ),
    *([], {}, [1], ["x"], {"x": 1}, {"below": 0.5}, {"dist": "uniform"}, {"dist": "uniform", "low": 0, "high": 1}),
    *("leader", "post", "self", "patron", "target", dt.date(2020, 2, 10), dt.date(2020, 3, 5)),
]


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything within a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, child in items for found in ((*path, key), *paths_of(child, (*path, key)))]


def at(data: Any, path: tuple[Any, ...]) -> Any:
    """The value at a path."""
    for part in path:
        data = data[part]
    return data


ROOT, _ = parse_yaml(SMALL.read_text(encoding="utf-8"), "small")
assert ROOT is not None
DATA = ROOT.plain()
PATHS = paths_of(DATA)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), path=st.sampled_from(PATHS))
def test_any_change_gives_a_scenario_that_compiles_or_problems(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, path: tuple[Any, ...]
) -> None:
    """A value is replaced by any other, or by one that stands under the same key elsewhere: no other error comes."""
    alike = [at(DATA, other) for other in PATHS if other[-1] == path[-1] and other != path]
    changed_data = copy.deepcopy(DATA)
    at(changed_data, path[:-1])[path[-1]] = copy.deepcopy(data.draw(st.sampled_from(VALUES + alike)))
    file = tmp_path_factory.mktemp("any") / "any.yaml"
    file.write_text(as_yaml(changed_data), encoding="utf-8")
    try:
        scenario = load(file)
    except ScenarioError:
        return
    compile_scenario(fix(scenario))
