"""`ceasefire data`: event data become the daily series that the model reads, and a series is asked for outcomes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sim.cli.common import print_lines
from sim.errors import InputError, allowed_values

if TYPE_CHECKING:
    from sim.history.areas import Area
    from sim.history.importing import Event, Wanted
    from sim.history.tables import Table

F = TypeVar("F", bound=Callable[..., Any])
Numbers = frozenset[int]
SYRIA = "Syria"
ALL = "all"
GOVERNMENT = ("Government of Syria",)  # the sides of the series that outcomes are defined on, by their names in GED
OPPOSED = ("Syrian insurgents", "Civilians")


@click.group(short_help="Read event data, and ask a recorded series for outcomes.")
def data() -> None:
    """Make the daily series that the model reads out of event data, and ask a recorded series for outcomes."""


# --- options ---------------------------------------------------------------------------------------------------------


def a_day(_: click.Context, __: click.Parameter, given: str | None) -> dt.date | None:
    """A date."""
    try:
        return None if given is None else dt.date.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(f"{given!r} is not a date such as 2020-02-10") from None


def codes(_: click.Context, __: click.Parameter, given: str | None) -> Numbers | None:
    """Whole numbers with commas between them."""
    try:
        return None if given is None else frozenset(int(part) for part in given.split(","))
    except ValueError:
        raise click.BadParameter(f"{given!r} is not a list such as 1,2") from None


_FILE = click.argument("file", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_IMPORT = (
    _FILE,
    click.option("--box", "box_text", metavar="LAT_MIN,LAT_MAX,LON_MIN,LON_MAX",
                 help="Count what lies between these degrees, edges included."),
    click.option("--subdistricts", type=click.Path(path_type=Path), metavar="FILE",
                 help="Count what lies in these: a CSV with a column adm3_pcode, or GeoJSON with their boundaries."),
    click.option("--boundaries", type=click.Path(path_type=Path), metavar="GEOJSON",
                 help="Boundaries of the subdistricts listed, for event files without a code in each row."),
    click.option("--country", default=SYRIA, show_default=True, help="As the file spells it; `all` for every one."),
    click.option("--side-a", multiple=True, metavar="NAME", help="One side, as the file spells it; may be repeated."),
    click.option("--side-b", multiple=True, metavar="NAME", help="The side against it; may be repeated."),
    click.option("--from", "start", metavar="DATE", callback=a_day, help="First day. [default: that of the file]"),
    click.option("--to", "end", metavar="DATE", callback=a_day, help="Last day. [default: that of the file]"),
    click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the series is written."),
    _JSON,
)  # fmt: skip


def import_options(function: F) -> F:
    """What both importers take."""
    for option in reversed(_IMPORT):
        function = option(function)
    return function


# --- commands --------------------------------------------------------------------------------------------------------


@data.command(short_help="A daily series from a UCDP GED file.")
@import_options
@click.option("--all-sides", is_flag=True, help="Count whoever fought whom.")
@click.option(
    "--types",
    callback=codes,
    default="1,2,3",
    show_default=True,
    metavar="1,2,3",
    help="Types of violence: 1 state-based, 2 non-state, 3 one-sided.",
)
@click.option("--where-prec", callback=codes, metavar="1,2", help="Precisions of place that count. [default: 1,2]")
@click.option("--date-prec", callback=codes, metavar="1,2", help="Precisions of date that count. [default: all]")
@click.option(
    "--spread",
    type=click.Choice(["start", "even"]),
    default="start",
    show_default=True,
    help="Events of several days: whole on the first day, or evenly over all in whole deaths.",
)
def import_ucdp(file: Path, all_sides: bool, types: Numbers, where_prec: Numbers | None, date_prec: Numbers | None,
                **asked: Any) -> None:  # fmt: skip
    """Write the daily series of a UCDP GED event FILE: CSV, also gzipped or in a ZIP; global, country or candidate.

    With --box in Syria, and unless told otherwise, the series is the one that outcomes are defined on: the Government
    of Syria against Syrian insurgents or civilians. With --subdistricts all sides count.
    """
    from sim.history import ucdp

    named = asked["side_a"] or asked["side_b"]
    if named and all_sides:
        raise InputError("--all-sides and --side-a, --side-b contradict each other; leave one out")
    if not (named or all_sides) and asked["box_text"] and asked["country"] == SYRIA:
        asked |= {"side_a": GOVERNMENT, "side_b": OPPOSED}
    _allowed("--types", types, range(1, 4))
    _allowed("--where-prec", where_prec, ucdp.WHERE)
    _allowed("--date-prec", date_prec, ucdp.WHEN)
    chosen = {"where_prec": where_prec, "date_prec": date_prec}
    precisions = where_prec or ucdp.PRECISE, date_prec or Numbers(ucdp.WHEN)
    _import(ucdp.ucdp_table(file), ucdp.ucdp_events, (frozenset(map(str, types)), *precisions), chosen, **asked)


@data.command(short_help="A daily series from your own ACLED export.")
@import_options
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="NAME",
    help="Event type that counts; may be repeated. [default: Battles, Explosions/Remote violence, Violence "
    "against civilians]",
)
@click.option("--geo-precision", callback=codes, metavar="1,2", help="Precisions of place that count. [default: 1,2]")
@click.option("--time-precision", callback=codes, metavar="1,2", help="Precisions of date that count. [default: all]")
def import_acled(file: Path, types: tuple[str, ...], geo_precision: Numbers | None, time_precision: Numbers | None,
                 **asked: Any) -> None:  # fmt: skip
    """Write the daily series of an ACLED export FILE that you made yourself: CSV, also gzipped or in a ZIP.

    ACLED has one count of fatalities: best, low and high are the same. All sides count unless some are named.
    """
    from sim.history import acled

    _allowed("--type", types, acled.TYPES)
    _allowed("--geo-precision", geo_precision, acled.WHERE)
    _allowed("--time-precision", time_precision, acled.WHEN)
    chosen = {"geo_precision": geo_precision, "time_precision": time_precision}
    kinds = frozenset(types or acled.VIOLENT), geo_precision or acled.PRECISE, time_precision or Numbers(acled.WHEN)
    _import(acled.acled_table(file), acled.acled_events, kinds, chosen, spread="start", **asked)


@data.command(short_help="Hold, fray or collapse, by a recorded series.")
@_FILE
@click.option("--start", required=True, metavar="DATE", callback=a_day, help="First day; windows begin here.")
@click.option("--end", required=True, metavar="DATE", callback=a_day, help="Last day looked at.")
@click.option(
    "--deaths",
    "estimate",
    type=click.Choice(["best", "low", "high"]),
    default="best",
    show_default=True,
    help="The estimate that is judged.",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV with date and patron_killed, places_lost or both. [default: these are left out]",
)
@_JSON
def outcomes(file: Path, start: dt.date, end: dt.date, estimate: str, record: Path | None, as_json: bool) -> None:
    """Say what became of a truce by the daily series in FILE, with the definitions and the code that judge a trial."""
    from sim.cli.recorded import verdict_lines, verdict_object
    from sim.history.recording import NOT_RECORDED, judge_record, read_record
    from sim.history.series import digest, read_series

    if end < start:
        raise InputError(f"--end {end}: lies before --start {start}; choose an end on that day or later")
    series = read_series(file)
    if record is not None:
        _must_record(record)
    also = NOT_RECORDED if record is None else read_record(record)
    with _said_of(file):
        found = judge_record(series, start, end, also, estimate)
    if as_json:
        click.echo(json.dumps(verdict_object(file, found, estimate, digest(series)), indent=2))
    else:
        print_lines(verdict_lines(file, found, estimate))


def _must_record(path: Path) -> None:
    """InputError for a file without a column of what else may be recorded: it is told which, and which it has."""
    from sim.history.recording import COUNTED
    from sim.history.tables import Field, Table, day, text

    kind, date = f"a record (date,{','.join(COUNTED)})", Field("date", day)
    if set(COUNTED) <= Table(path, [date, *(Field(name, text, None) for name in COUNTED)], kind).absent:
        Table(path, [date, *(Field(name, text) for name in COUNTED)], kind)


# --- importing -------------------------------------------------------------------------------------------------------


def _allowed(option: str, given: Iterable[Any] | None, allowed: Iterable[Any]) -> None:
    known = list(allowed)
    for value in given or ():
        if value not in known:
            raise InputError(f"{option} {value}: there is none{allowed_values(known, value)}")


def _import(table: Table, events: Callable[[Table], Iterator[Event]], kinds: tuple[frozenset[str], Numbers, Numbers],
            chosen: Mapping[str, Numbers | None], *, out: Path, as_json: bool, **asked: Any) -> None:  # fmt: skip
    """Read, count, write, and say what was done. `chosen` is what was asked of columns that a file may lack."""
    from sim.cli.recorded import import_lines, import_object
    from sim.history.importing import daily_series
    from sim.history.series import write_series

    _must_be_no_input(out, table.path, asked["subdistricts"], asked["boundaries"])
    wanted = _wanted(*kinds, **asked)
    notes = _notes(table, chosen, wanted)
    with _said_of(table.path):
        found = daily_series(events(table), wanted)
    write_series(found.series, out)
    if as_json:
        click.echo(json.dumps(import_object(table.path, found, wanted, notes, out), indent=2))
    else:
        print_lines(import_lines(table.path, found, wanted, notes, out))


def _must_be_no_input(out: Path, *files: Path | None) -> None:
    """InputError where the series would be written over a file that is read."""
    if out.resolve() in [file.resolve() for file in files if file is not None]:
        raise InputError(f"--out {out}: is a file that is read; choose another name")


def _wanted(types: frozenset[str], where: Numbers, when: Numbers, *, country: str, side_a: Iterable[str],
            side_b: Iterable[str], start: dt.date | None, end: dt.date | None, spread: Any, **area: Any,
            ) -> Wanted:  # fmt: skip
    from sim.history.importing import Wanted

    countries = frozenset() if country == ALL else frozenset([country])
    return Wanted(
        _area(**area), types, where, when, countries, (frozenset(side_a), frozenset(side_b)), start, end, spread
    )


def _area(box_text: str | None, subdistricts: Path | None, boundaries: Path | None) -> Area:
    from sim.history import areas

    if (box_text is None) == (subdistricts is None):
        raise InputError("say where: either --box LAT_MIN,LAT_MAX,LON_MIN,LON_MAX or --subdistricts FILE")
    if boundaries is not None and subdistricts is None:
        raise InputError("--boundaries goes with --subdistricts, which lists those that count")
    return areas.subdistricts(subdistricts, boundaries) if subdistricts else areas.box(box_text or "")


def _notes(table: Table, chosen: Mapping[str, Numbers | None], wanted: Wanted) -> list[str]:
    """What the file cannot be asked; InputError where it was asked just that."""
    from sim.history.areas import CODE, Codes

    if CODE in table.absent and isinstance(wanted.area, Codes):
        raise InputError(f"{table.path}: has no column {CODE}; add --boundaries GEOJSON, and the points are looked up")
    for column, asked in chosen.items():
        if column in table.absent and asked is not None:
            raise InputError(f"{table.path}: has no column {column}; leave --{column.replace('_', '-')} out")
    meanings = {**dict.fromkeys(chosen, "taken as filtered already"), "date_end": "each event taken as one of a day",
                "country": "each event taken as in the country"}  # fmt: skip
    return [f"The file has no column {column}: {said}." for column, said in meanings.items() if column in table.absent]


@contextmanager
def _said_of(file: Path) -> Iterator[None]:
    """Put the file's name before what is wrong with it, unless it stands there."""
    try:
        yield
    except InputError as error:
        raise error if str(error).startswith(f"{file}:") else InputError(f"{file}: {error}") from None
