"""The commands of ``backtrail``, their options and their help."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import _version
from .runs import app as runs_app

app = typer.Typer(
    name="backtrail",
    help="Backtesting and trading in backtrader's spelling.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(runs_app, name="runs")

Progress = Annotated[
    bool | None,
    typer.Option(
        "--progress/--no-progress", help="Show progress on stderr (default: if that is a terminal)."
    ),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"backtrail {_version.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Backtesting and trading in backtrader's spelling."""


@app.command(
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False},
    options_metavar="[OPTIONS]",
)
def run(
    script: Annotated[Path, typer.Argument(metavar="SCRIPT", help="A Python script.", show_default=False)],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="ARGUMENTS", help="What the script gets as sys.argv[1:].")
    ] = None,
    progress: Progress = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print a summary as JSON on stdout; what the script prints goes to stderr."
        ),
    ] = False,
    record: Annotated[
        bool,
        typer.Option(
            "--record",
            help="Record its runs (in BACKTRAIL_STORE, else the nearest .backtrail, else the user's).",
        ),
    ] = False,
) -> None:
    """Run a script written for backtrader: `import backtrader` gives backtrail.

    The script sees its own sys.argv and __main__; its exit status is that of the command. Options go before the script.
    """
    from .script import run_script

    if record:
        from ..runs.store import find_place

        os.environ["BACKTRAIL_STORE"] = find_place().url
    wanted = sys.stderr.isatty() if progress is None else progress
    raise typer.Exit(run_script(script, arguments or [], show_progress=wanted, as_json=json))


@app.command()
def quickstart(
    output: Annotated[
        Path, typer.Option("--output", metavar="FOLDER", help="Where to make the folder with the results.")
    ] = Path("runs"),
    progress: Progress = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run an example on ten years of daily bars, print a report and write its files."""
    from .quickstart import run_quickstart

    wanted = sys.stderr.isatty() if progress is None else progress
    raise typer.Exit(run_quickstart(output, show_progress=wanted, as_json=json))


@app.command()
def check(
    scripts: Annotated[
        list[Path], typer.Argument(metavar="SCRIPT...", help="Python scripts.", show_default=False)
    ],
    json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Read scripts written for backtrader without running them, and say what to look at.

    The exit status is 0 if there is nothing but notes, 1 if something fails or gives other results than backtrader.
    """
    from .check import run_check

    raise typer.Exit(run_check(scripts, as_json=json))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def btrun(context: typer.Context) -> None:
    """Run a backtest put together by options, as backtrader's btrun does (--help lists them)."""
    from .btrun import run_btrun

    raise typer.Exit(run_btrun(context.args))
