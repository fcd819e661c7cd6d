"""``backtrail runs``: look at recorded runs, compare them, run them again, share and forget them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Recorded runs: list, compare, run again, share, forget.", no_args_is_help=True)

Where = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="PLACE", help="The store (default: BACKTRAIL_STORE, .backtrail, the user's)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Reference = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="An id or its beginning, a tag, `latest`, `best:METRIC`.", show_default=False
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, say what would be done.")]


def _do(what: Callable[[], int | None]) -> None:
    """Carry out a command; a fault that backtrail knows of is one line on stderr and status 1."""
    from ..errors import BacktrailError

    try:
        status = what()
    except (BacktrailError, ValueError) as error:
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        print(f"backtrail runs: {text}", file=sys.stderr)
        raise typer.Exit(1) from error
    except BrokenPipeError:  # whoever reads has seen enough
        raise
    except OSError as error:  # of a file that was named: those of a store are faults of the store
        place = f": {error.filename}" if error.filename else ""
        print(f"backtrail runs: {error.strerror or error}{place}", file=sys.stderr)
        raise typer.Exit(1) from error
    raise typer.Exit(status or 0)


@app.command()
def ls(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="For example: strategy='sma' and sharpe_ratio>1")
    ] = "",
    order: Annotated[
        str, typer.Option(help="A field or metric; `-` before it: the other way round.")
    ] = "-start",
    limit: Annotated[int, typer.Option(help="At most so many runs.")] = 20,
    store: Where = None,
    json: Json = False,
) -> None:
    """List runs, the latest first; before them those that are running or were killed."""
    from . import runs_show as show

    _do(lambda: show.ls(store, query, order, limit, json))


@app.command()
def show(run: Reference, store: Where = None, json: Json = False) -> None:
    """Show what a run was made of and what came out."""
    from . import runs_show as show

    _do(lambda: show.show(store, run, json))


@app.command()
def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", show_default=False)],
    store: Where = None,
    json: Json = False,
) -> None:
    """Show parameters and metrics of runs side by side."""
    from . import runs_show as show

    _do(lambda: show.compare(store, runs, json))


@app.command()
def best(
    metric: Annotated[
        str, typer.Argument(help="For example sharpe_ratio or max_drawdown.", show_default=False)
    ],
    count: Annotated[int, typer.Option("--count", "-n", help="How many.")] = 5,
    scope: Annotated[
        str, typer.Option(help="`latest`: the same strategy, data, code and settings as the latest; `all`.")
    ] = "latest",
    strategy: Annotated[str | None, typer.Option(help="Runs of this strategy only.")] = None,
    where: Annotated[str, typer.Option(help="A query that narrows the runs.")] = "",
    store: Where = None,
    json: Json = False,
) -> None:
    """Give the best runs by a metric, and of how many they are the best."""
    from . import runs_show as show

    _do(lambda: show.best(store, metric, count, scope, strategy, where, json))


@app.command()
def diff(a: Reference, b: Reference, store: Where = None, json: Json = False) -> None:
    """Compare two runs: code, parameters, data, environment, metrics, the first order that differs."""
    from . import runs_show as show

    _do(lambda: show.diff(store, a, b, json))


@app.command()
def why(
    a: Reference,
    b: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="Default: the most similar other run.", show_default=False),
    ] = None,
    store: Where = None,
    json: Json = False,
) -> None:
    """Say why two runs are not the same: the component that differs, down to functions, values and bars."""
    from . import runs_show as show

    _do(lambda: show.why(store, a, b, json))


@app.command()
def rerun(
    run: Reference,
    env: Annotated[
        str, typer.Option(help="`current`, or `locked`: the recorded libraries, installed by pip.")
    ] = "current",
    timeout: Annotated[float | None, typer.Option(help="Give up after so many seconds.")] = None,
    store: Where = None,
    json: Json = False,
) -> None:
    """Run a record again (this executes its code) and print `identical` or the first row that differs.

    The exit status is 0 if the results are identical and 1 if not.
    """
    from . import runs_care as care

    _do(lambda: care.rerun(store, run, env, timeout, json))


@app.command()
def verify(run: Reference, store: Where = None, json: Json = False) -> None:
    """Check every digest of a run: manifest, code, tables, bars."""
    from . import runs_care as care

    _do(lambda: care.verify(store, run, json))


@app.command()
def checkout(
    run: Reference,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the sources go.", show_default=False)
    ],
    store: Where = None,
    json: Json = False,
) -> None:
    """Write the captured sources of a run into a folder."""
    from . import runs_care as care

    _do(lambda: care.checkout(store, run, folder, json))


@app.command()
def pack(
    run: Reference,
    target: Annotated[Path, typer.Argument(metavar="FILE.zip", show_default=False)],
    acknowledge_secrets: Annotated[
        bool, typer.Option("--acknowledge-secrets", help="Pack although something looks like a secret.")
    ] = False,
    store: Where = None,
    json: Json = False,
) -> None:
    """Write a run as one zip that opens without backtrail."""
    from . import runs_care as care

    _do(lambda: care.pack(store, run, target, acknowledge_secrets, json))


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(metavar="FILE.zip", show_default=False)],
    trust: Annotated[bool, typer.Option("--trust", help="Let its results be served for runs of the same key.")] = False,
    store: Where = None,
    json: Json = False,
) -> None:
    """Take the run of a zip into the store: every digest is checked, nothing is executed."""
    from . import runs_care as care

    _do(lambda: care.import_(store, source, trust, json))


@app.command()
def migrate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", show_default=False)],
    store: Where = None,
    json: Json = False,
) -> None:
    """Take over what an older cache stored as pickles in FOLDER, which is left as it is.

    Pickles are read in a process of their own that makes plain values and frames only and may do nothing else. The exit
    status is 1 if a file was not taken over.
    """
    from . import runs_care as care

    _do(lambda: care.migrate(store, folder, json))


@app.command()
def tag(
    run: Reference,
    name: Annotated[str, typer.Argument(help="The tag.", show_default=False)],
    remove: Annotated[bool, typer.Option("--remove", help="Take the tag away.")] = False,
    store: Where = None,
    json: Json = False,
) -> None:
    """Name a run; a tagged run is kept."""
    from . import runs_care as care

    _do(lambda: care.tag(store, run, name, remove, json))


@app.command()
def pin(
    run: Reference,
    note: Annotated[str, typer.Option(help="Why it is kept.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Let it be removed again.")] = False,
    store: Where = None,
    json: Json = False,
) -> None:
    """Keep a run until it is unpinned."""
    from . import runs_care as care

    _do(lambda: care.pin(store, run, note, remove, json))


@app.command()
def rm(
    runs: Annotated[list[str] | None, typer.Argument(metavar="RUN...", show_default=False)] = None,
    where: Annotated[str | None, typer.Option(help="Remove the runs that this query asks for.")] = None,
    older_than_days: Annotated[float | None, typer.Option(help="Only runs that began longer ago.")] = None,
    yes: Yes = False,
    store: Where = None,
    json: Json = False,
) -> None:
    """Remove runs (into the trash); pinned, tagged and best ones are kept."""
    from . import runs_care as care

    _do(lambda: care.rm(store, runs or [], where, older_than_days, yes, json))


@app.command()
def gc(
    grace_days: Annotated[float, typer.Option(help="Leave alone what is younger.")] = 14.0,
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="Give results up: `metrics` keeps none, `summary` the equity curve, `top:50` those of the best 50 "
            "(`top:50:METRIC`: by a metric).",
        ),
    ] = None,
    max_bytes: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Remove runs until the store needs no more, for example `2GB`."),
    ] = None,
    yes: Yes = False,
    store: Where = None,
    json: Json = False,
) -> None:
    """Give back the space of what no run needs; with --keep or --max-bytes, of more than that.

    Runs that are pinned, tagged or the best of their sweep keep everything.
    """
    from . import runs_care as care

    _do(lambda: care.gc(store, grace_days, keep, max_bytes, yes, json))


@app.command()
def fsck(
    repair: Annotated[bool, typer.Option("--repair/--no-repair", help="Set aside what is damaged.")] = True,
    deep: Annotated[bool, typer.Option("--deep/--shallow", help="Compute the digest of every blob.")] = True,
    store: Where = None,
    json: Json = False,
) -> None:
    """Check every file of the store; the exit status is 1 if something was damaged."""
    from . import runs_care as care

    _do(lambda: care.fsck(store, repair, deep, json))


@app.command()
def reindex(store: Where = None, json: Json = False) -> None:
    """Make this machine's index anew."""
    from . import runs_care as care

    _do(lambda: care.reindex(store, json))


@app.command()
def stats(store: Where = None, json: Json = False) -> None:
    """Count runs, strategies and bytes."""
    from . import runs_care as care

    _do(lambda: care.stats(store, json))


__all__ = ["app"]
