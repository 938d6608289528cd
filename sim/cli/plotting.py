"""`ceasefire plot`: a picture with its data and its caption."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.common import columns, opened, print_lines
from sim.errors import InputError, ResultsError

if TYPE_CHECKING:
    from sim.ensemble import Results
    from sim.plots.studied import Studied


def _millimetres(_: click.Context, __: click.Parameter, given: str) -> float:
    units = {"mm": 1.0, "cm": 10.0, "in": 25.4}
    try:
        width = float(given[:-2]) * units[given[-2:]]
    except (ValueError, KeyError):
        width = math.nan
    if not 30 <= width <= 1000:
        raise click.BadParameter(f"{given!r} is not a width from 30mm to 1000mm, such as 89mm, 18.3cm or 7in")
    return width


@click.command(short_help="Draw a picture of results, with data and caption.")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--figure", metavar="NAME", help="Which picture; without it, the pictures are listed.")
@click.option("--outcome", metavar="NAME", help="The outcome it is about. [default: the headline]")
@click.option("--trial", type=int, help="The trial it shows, for pictures of one trial.")
@click.option("--without", metavar="RULE", help="The rule that the trial's ghost lives without, for `ghost`.")
@click.option("--width", "width_mm", default="183mm", show_default=True, callback=_millimetres, help="Printed width.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write: .pdf, .svg or .png.")
def plot(
    results: Path, figure: str | None, outcome: str | None, trial: int | None, without: str | None, width_mm: float,
    out: Path | None,
) -> None:  # fmt: skip
    """Draw a picture of RESULTS (of trials, a study or a back-test; or a scenario, for its posterior).

    Its data go beside it as CSV, its caption as text.
    """
    from sim.plots import FIGURES, STUDIES, figures_of

    given = _study_or_results(results)
    if figure is None:
        shown = {name: it.description for name, it in (FIGURES | STUDIES).items() if name in figures_of(given)}
        print_lines(columns(("figure", "shows"), list(shown.items())))
        return
    if out is None:
        raise click.UsageError("--out is missing: the file to write, such as figure.pdf")
    print_lines(map(str, _draw(given, figure, out, width_mm, outcome, trial, without)))


def _study_or_results(path: Path) -> Results | Studied:
    """What is stored in a folder, which its manifest tells; or the posterior of a scenario, by its file or name."""
    from sim.ensemble.designs import NAME, Study
    from sim.plots import evidence

    if (path / NAME).is_file():
        return Study.open(path)
    found = evidence(path)
    if found is None and not path.exists():
        raise InputError(
            f"{path}: there is no such file or folder, and no shipped scenario of this name; give the folder of "
            "results, a study or a back-test, or a scenario (a file, or builtin:NAME) that names a posterior"
        )
    return found or opened(path)


def _draw(
    results: Results | Studied, figure: str, out: Path, width_mm: float, outcome: str | None = None,
    trial: int | None = None, without: str | None = None,
) -> list[Path]:  # fmt: skip
    """Write picture, data and caption; returns the three files. Nothing is written if it cannot be drawn."""
    from sim.plots import caption, draw, figure_data, figure_of, save
    from sim.plots.style import FORMATS

    if out.suffix.removeprefix(".").lower() not in FORMATS:
        raise InputError(f"{out}: cannot write this kind of file; allowed: {', '.join('.' + kind for kind in FORMATS)}")
    data = figure_data(figure, results, outcome, trial, without)
    drawn = draw(figure, results, outcome=outcome, trial=trial, width_mm=width_mm, without=without, data=data)
    said = caption(figure, results, outcome, trial, without)
    table, text = out.with_suffix(".csv"), out.with_suffix(".txt")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        save(figure_of(drawn), out)
        data.to_csv(table, index=data.index.name is not None)
        text.write_text(said + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    return [out, table, text]


def draw_all(results: Results, folder: Path) -> list[str]:
    """Draw every picture for which these results have data; returns their names."""
    from sim.plots import DOUBLE_MM, FIGURES

    drawn = []
    for name in FIGURES:
        try:
            _draw(results, name, folder / f"{name}.png", DOUBLE_MM)
            drawn.append(name)
        except ResultsError as error:
            click.echo(f"no picture {name}: {error}", err=True)
    return drawn
