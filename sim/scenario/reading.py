"""Files of a scenario: where they may lie, what they extend, and the chronology and deaths that they name.

Everything a scenario reads lies in the folder tree of its own file, symbolic links resolved, or is shipped. The result
is one tree of nodes in which each value knows the file, line and column it came from.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from sim.errors import Problem, ScenarioError, did_you_mean
from sim.scenario.inheritance import disable, merge
from sim.scenario.nodes import MAX_BYTES, Mark, Node, node_of, parse_yaml
from sim.scenario.posterior import from_node
from sim.scenario.stacking import Stack, columns_in_use, stack

BUILTIN = "builtin:"
LONGEST_NAME, LONGEST_PATH = 200, 3000
DAYS_BEFORE = 60  # of history, where a scenario does not say since when


@dataclass(frozen=True)
class Place:
    """A file and the folder tree that it may read from; `shown` is its name in messages."""

    path: Path
    root: Path
    shown: str


def shipped_folder() -> Path:
    """The folder of the shipped scenarios: inside the installed package, or beside it in the source tree."""
    package = Path(str(resources.files("sim")))
    installed = package / "_scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def builtin_names() -> list[str]:
    """The names of the shipped scenarios that can be run."""
    return sorted(path.stem for path in shipped_folder().glob("*.yaml"))


def read_tree(
    source: str | Path, overrides: Mapping[str, str], without: Iterable[str], layers: Iterable[str | Path] = ()
) -> tuple[Node, list[Problem]]:
    """The whole tree of a scenario after inheritance, layers, overrides, switched-off rules and its history files.

    Returns the problems that leave a tree to go on with; raises ScenarioError for those that do not.
    """
    place = _find(source)
    files, problems = _files(place, str(source), layers)
    made = stack(files, overrides)
    root, unread = _with_posterior(made, place)
    root, unknown = disable(root, without)
    return _with_history(root, [*problems, *made.problems, *unread, *unknown])


def openings(source: str | Path, layers: Iterable[str | Path] = ()) -> list[dt.date]:
    """The days on which a history of this scenario can begin with a state of its own, the first one first.

    Raises ScenarioError for files that cannot be read.
    """
    files, _ = _files(_find(source), str(source), layers)
    named = stack(files, {}).root.get("history", "openings")
    days = named.value if named is not None and named.is_map else {}
    return sorted(day for day in days if type(day) is dt.date)


def _files(place: Place, asked: str, layers: Iterable[str | Path]) -> tuple[list[Node], list[Problem]]:
    """The trees of a scenario's files, from the one that extends none to the scenario itself, and then the layers."""
    files, problems = _lineage(place, Mark(asked), ())
    if _truth(files[-1], "template"):
        mark = files[-1].value["template"].mark
        raise ScenarioError([mark.problem("template", "this file is only meant to be extended; it cannot be run")])
    for layer in layers:
        node, found = _layer(_find(layer))
        files.append(node)
        problems += found
    return [_without_key(node, "template", "extends") for node in files], problems


def _truth(root: Node, key: str) -> bool:
    child = root.child(key)
    return child is not None and child.value is True


def _without_key(root: Node, *names: str) -> Node:
    return root.with_value({key: child for key, child in root.value.items() if key not in names})


# --- finding and reading one file -----------------------------------------------------------------------------------


def _find(source: str | Path) -> Place:
    """The file that a user names: a path, `builtin:NAME`, or the bare name of a shipped scenario."""
    text, path = str(source), Path(source)
    _can_be_a_name(text, Mark(_shown(text)), "")
    if text.startswith(BUILTIN):
        return _shipped(text, Mark(text), "")
    if path.is_file() or (path.exists() and not path.is_dir()):
        return Place(path.resolve(), path.resolve().parent, text)
    if text in builtin_names():
        return _shipped(BUILTIN + text, Mark(text), "")
    if path.is_dir():
        raise ScenarioError([Mark(text).problem("", "is a folder, not a file")])
    shipped = builtin_names()
    message = f"there is no such file and no shipped scenario of this name; shipped: {', '.join(shipped) or 'none'}"
    raise ScenarioError([Mark(text).problem("", message + did_you_mean(text, shipped))])


def _shipped(name: str, mark: Mark, key: str, folders: tuple[str, ...] = (".", "models")) -> Place:
    """The file of `builtin:NAME` in one of the folders of the shipped scenarios."""
    root, stem = shipped_folder().resolve(), name.removeprefix(BUILTIN).removesuffix(".yaml")
    tried = [(root / folder / f"{stem}.yaml").resolve() for folder in folders]
    for path in tried:
        if path.is_file() and path.is_relative_to(root):
            return Place(path, root, f"{BUILTIN}{stem}")
    known = sorted({path.stem for folder in folders for path in (root / folder).glob("*.yaml")})
    message = f"nothing is shipped as `{name}`; allowed: {', '.join(BUILTIN + stem for stem in known) or 'none'}"
    raise ScenarioError([mark.problem(key, message + did_you_mean(name, [BUILTIN + stem for stem in known]))])


def _beside(name: str, place: Place, mark: Mark, key: str, folders: tuple[str, ...]) -> Place:
    """The file that another file names: `builtin:NAME`, or a path inside the folder tree of the scenario."""
    _can_be_a_name(name, mark, key)
    if name.startswith(BUILTIN):
        return _shipped(name, mark, key, folders)
    try:
        path = (place.path.parent / name).resolve()
    except (OSError, RuntimeError):  # links that lead to each other
        raise ScenarioError([mark.problem(key, f"{name} cannot be followed to a file")]) from None
    if not path.is_relative_to(place.root):
        raise ScenarioError([mark.problem(key, f"{name} lies outside the folder of the scenario, {_home(place)}")])
    if not path.is_file():
        near = did_you_mean(path.name, [other.name for other in path.parent.glob("*")])
        raise ScenarioError([mark.problem(key, f"there is no file {name}{near}; for a shipped one write builtin:NAME")])
    shown = Path(place.shown).parent / name if not place.shown.startswith(BUILTIN) else Path(f"{BUILTIN}{name}")
    return Place(path, place.root, str(shown))


def _can_be_a_name(name: str, mark: Mark, key: str) -> None:
    """Refuse what no file can be called; systems raise all kinds of errors over such names."""
    longest = max(len(part) for part in re.split(r"[/\\]", name))
    if not name.isprintable() or longest > LONGEST_NAME or len(name) > LONGEST_PATH or not name.strip():
        raise ScenarioError([mark.problem(key, f"{_shown(name)!r} is not the name of a file")])


def _shown(name: str) -> str:
    return name if len(name) <= 60 else name[:57] + "..."


def _home(place: Place) -> str:
    return "the shipped ones" if place.shown.startswith(BUILTIN) else str(Path(place.shown).parent)


def _text(place: Place) -> str:
    """The text of a file, up to the size limit."""
    try:
        if not place.path.is_file():
            raise ScenarioError([Mark(place.shown).problem("", "is not a regular file")])
        with place.path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as fault:
        raise ScenarioError([Mark(place.shown).problem("", f"cannot be read: {fault.strerror}")]) from None
    if len(data) > MAX_BYTES:
        raise ScenarioError([Mark(place.shown).problem("", f"is larger than {MAX_BYTES:,} bytes")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        mark = Mark(place.shown, data[: fault.start].count(b"\n") + 1)
        raise ScenarioError([mark.problem("", "is not UTF-8 text; save it with that encoding")]) from None


def _read(place: Place) -> tuple[Node, list[Problem]]:
    """The tree of one file, which must be a map."""
    root, problems = parse_yaml(_text(place), place.shown)
    if root is None:
        raise ScenarioError(problems)
    if not root.is_map:
        raise ScenarioError([root.mark.problem("", "is not a map; it begins with keys such as `name:`"), *problems])
    return root, problems


# --- inheritance ----------------------------------------------------------------------------------------------------


def _lineage(place: Place, asked: Mark, chain: tuple[Path, ...]) -> tuple[list[Node], list[Problem]]:
    """The trees of a file and of all it extends, the last of these first; `chain` holds the files that lead here."""
    if place.path in chain:
        names = " > ".join(path.name for path in (*chain[chain.index(place.path) :], place.path))
        raise ScenarioError([asked.problem("extends", f"the files extend each other in a circle: {names}")])
    root, problems = _with_homes(place)
    extends = root.child("extends")
    if extends is None:
        return [root], problems
    if not isinstance(extends.value, str):
        message = "is not the name of one file; write builtin:NAME or a path"
        raise ScenarioError([*problems, extends.place.problem("extends", message)])
    try:
        base_place = _beside(extends.value, place, extends.mark, "extends", (".", "models"))
        bases, found = _lineage(base_place, extends.mark, (*chain, place.path))
    except ScenarioError as fault:
        raise ScenarioError([*problems, *fault.problems]) from None
    return [*bases, root], problems + found


def _layer(place: Place) -> tuple[Node, list[Problem]]:
    """The tree of a file that is laid over a scenario without saying so."""
    layer, problems = _with_homes(place)
    if extends := layer.child("extends"):
        raise ScenarioError(
            [*problems, extends.place.problem("extends", "this file is laid over another; leave it out")]
        )
    return layer, problems


def _with_homes(place: Place) -> tuple[Node, list[Problem]]:
    """The tree of one file; the files that it names are found from it wherever it is merged."""
    root, problems = _read(place)
    root = _with_home(root, "posterior", place)
    history = root.child("history")
    if history is not None and history.is_map:
        for key in ("chronology", "deaths"):
            history = _with_home(history, key, place)
        root = root.with_value({**root.value, "history": history})
    return root, problems


def has_base(source: str | Path) -> bool:
    """Whether a file extends another."""
    return _read(_find(source))[0].child("extends") is not None


class FileName(str):
    """The name of a file that remembers which file named it."""

    place: Place


def _with_home(node: Node, key: str, place: Place) -> Node:
    """The map with the name of a file turned into a FileName, so that a base's paths are found from the base."""
    named = node.child(key)
    if named is None or not isinstance(named.value, str) or isinstance(named.value, FileName):
        return node
    name = FileName(named.value)
    name.place = place
    return node.with_value({**node.value, key: named.with_value(name)})


# --- posterior ------------------------------------------------------------------------------------------------------


def _with_posterior(made: Stack, place: Place) -> tuple[Node, list[Problem]]:
    """The tree with the posterior that it names read in; a name from the command line is looked for from `place`."""
    node = _with_home(made.root, "posterior", place).child("posterior")
    if node is None:
        return made.root, []
    above, root, problems = "posterior", node, list[Problem]()
    if isinstance(node.value, str):
        home = node.value.place if isinstance(node.value, FileName) else place
        above = ""
        root, problems = _read(_beside(node.value, home, node.mark, "posterior", ("posteriors", ".")))
    posterior, found = from_node(root, above)
    if posterior is None:
        return _without_key(made.root, "posterior"), problems + found
    used, wrong = columns_in_use(posterior, root, above, made)
    kept = posterior.only(used)
    value = {**_without_key(made.root, "posterior").value, **({"posterior": node.with_value(kept)} if kept else {})}
    return made.root.with_value(value), problems + wrong


# --- history --------------------------------------------------------------------------------------------------------


def _with_history(root: Node, problems: list[Problem]) -> tuple[Node, list[Problem]]:
    """The tree with its chronology and deaths read in, split at the origin; the files' names are gone afterwards."""
    history, origin = root.child("history"), root.child("origin")
    if origin is None or type(origin.value) is not dt.date or (history is not None and not history.is_map):
        return root, problems
    history = history or node_of({}, root.mark)
    start = history.child("start")
    if start is None:
        start = node_of(origin.value - dt.timedelta(DAYS_BEFORE), origin.mark)
        history = history.with_value({**history.value, "start": start})
    events, sources, found = _events(history)
    before, after = _split(events, origin.value)
    daily, wrong = _daily(history, start.value, origin.value)
    kept = _without_key(history, "chronology", "omit", "deaths", "events", "daily_deaths").value
    kept |= {
        key: node for key, node in (("events", before), ("daily_deaths", daily)) if node is not None and node.value
    }
    whole = {**root.value, "history": history.with_value(kept)}
    if after.value or "afterwards" in whole:
        whole["afterwards"] = _joined(after, root.child("afterwards"))
    if sources is not None:
        whole["sources"] = _joined(sources, root.child("sources"))
    return root.with_value(whole), problems + found + wrong


def _joined(base: Node, child: Node | None) -> Node:
    return merge(base, child)[0] if child is not None and child.is_map else base


def _events(history: Node) -> tuple[Node, Node | None, list[Problem]]:
    """All dated events of a history, those of its chronology first, and the chronology's sources."""
    own = history.child("events") or node_of({}, history.mark)
    named, omit = history.child("chronology"), history.child("omit")
    if named is None or not isinstance(named.value, FileName):
        wrong = [] if named is None else [named.place.problem("history.chronology", "is not the name of a file")]
        return own, None, wrong
    place = _beside(named.value, named.value.place, named.mark, "history.chronology", ("history", "."))
    book, problems = _read(place)
    for key, child in book.value.items():
        if key not in ("about", "sources", "events"):
            near = did_you_mean(key, ("about", "sources", "events"))
            problems.append(child.key.problem(str(key), f"unknown key; allowed: about, sources, events{near}"))
    events = book.child("events") or node_of({}, book.mark)
    if not events.is_map:
        return own, None, [*problems, events.place.problem("events", "is not a map of events by id")]
    left, wrong = _omitted(events, omit)
    return _joined(left, own), book.child("sources"), problems + wrong


def _omitted(events: Node, omit: Node | None) -> tuple[Node, list[Problem]]:
    """The events without those that the scenario leaves out."""
    names = omit.value if omit is not None and isinstance(omit.value, list) else []
    problems = [
        name.mark.problem(
            "history.omit", f"the chronology has no `{name.value}`{did_you_mean(name.value, events.value)}"
        )
        for name in names
        if name.value not in events.value
    ]
    return _without_key(events, *(name.value for name in names)), problems


def _split(events: Node, origin: dt.date) -> tuple[Node, Node]:
    """The events before the origin, and those on it or later."""
    if not events.is_map:
        return events, node_of({}, events.mark)
    later = {key for key, event in events.value.items() if _day_of(event) >= origin}
    before = {key: event for key, event in events.value.items() if key not in later}
    return events.with_value(before), events.with_value(
        {key: events.value[key] for key in events.value if key in later}
    )


def _day_of(event: Node) -> dt.date:
    on = event.child("on")
    return on.value if on is not None and type(on.value) is dt.date else dt.date.min


def _daily(history: Node, start: object, origin: dt.date) -> tuple[Node | None, list[Problem]]:
    """Deaths by day from the start of the history to the eve of the origin."""
    named, given = history.child("deaths"), history.child("daily_deaths")
    if named is None or type(start) is not dt.date:
        return given, []
    if not isinstance(named.value, FileName):
        return given, [named.place.problem("history.deaths", "is not the name of a file")]
    place = _beside(named.value, named.value.place, named.mark, "history.deaths", (".",))
    series, problems = read_deaths(_text(place), place.shown)
    return node_of({day: best for day, best in series.items() if start <= day < origin}, named.mark), problems


def read_deaths(text: str, file: str) -> tuple[dict[dt.date, float], list[Problem]]:
    """Deaths by date from CSV text with the columns `date` and `best`, and the problems of its lines."""
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in ("date", "best") if name not in (reader.fieldnames or ())]
    if missing:
        return {}, [Mark(file, 1).problem("", f"has no column {', '.join(missing)}; the first line is date,best")]
    series: dict[dt.date, float] = {}
    problems: list[Problem] = []
    for row in reader:
        try:
            day, best = dt.date.fromisoformat(row["date"] or ""), _deaths(row["best"])
        except ValueError as fault:
            problems.append(Mark(file, reader.line_num).problem("", str(fault)))
            continue
        if day in series:
            problems.append(Mark(file, reader.line_num).problem("date", f"{day} is given twice"))
        series[day] = best
    return series, problems


def _deaths(text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(f"{text!r} is not a number of deaths; allowed: finite numbers of at least 0")
    return value
