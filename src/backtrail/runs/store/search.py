"""Finding runs: by id, prefix, tag, key or rank, and by questions to the index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ...errors import AmbiguousRunError, QueryError, RunNotFoundError, StoreError, UnknownMetricError
from ..digests import is_digest
from .index import Index
from .layout import is_id_prefix, is_run_id
from .query import FIELDS, Condition, compile_query
from .ranking import Directions
from .scan import Scanner

T = TypeVar("T")

_LARGEST = "1.7976931348623157e308"
_FINITE = f"value BETWEEN -{_LARGEST} AND {_LARGEST}"
_GROUP = ("strategy", "data", "code", "config")


@dataclass(frozen=True, slots=True)
class Best:
    """The best runs by a metric, best first, and among which they are the best."""

    metric: str
    direction: str
    ids: list[str]
    values: list[float]
    scope: dict[str, str | None]
    """Strategy, data, code and config that all compared runs share; empty when all runs were compared."""

    _search: Search = field(repr=False, compare=False)
    _where_: Condition = field(repr=False, compare=False)

    @property
    def trials(self) -> int:
        """Count the runs that were compared: the more there are, the less the best of them means."""
        sql = f"SELECT count(*) FROM metrics m JOIN runs ON runs.n=m.run WHERE m.name=? AND {self._where_.sql}"
        [(count,)] = self._search.rows(sql, [self.metric, *self._where_.values])
        return int(count)


class Search:
    """Asks the index of a store, bringing it up to date first and making it anew if it is torn."""

    def __init__(self, index: Index, scanner: Scanner, directions: Directions) -> None:
        """Ask *index*, which *scanner* brings up to date."""
        self._index_ = index
        self._scanner = scanner
        self._directions = directions

    def asking(self, question: Callable[[], T]) -> T:
        """Answer *question* by the index as the store is; an index that cannot be read is made anew, once."""
        try:
            self._scanner.refresh()
            return question()
        except sqlite3.DatabaseError:
            self._index_.forget()
        try:
            self._scanner.refresh()
            return question()
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"asking the index of the store - expected an answer - found: {error} - delete {self._index_.path}"
            ) from error

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Give rows of the index without bringing it up to date."""
        return self._index_.rows(sql, values)

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Give rows of the index as the store is."""
        return self.asking(lambda: self._index_.rows(sql, values))

    def source(self, run: str) -> tuple[str, int | None, int | None] | None:
        """Give where the manifest of *run* is kept: folder or segment, offset and length; None if it is unknown."""
        sql = 'SELECT folder, "offset", length FROM runs WHERE id=?'
        known = self._index_rows(sql, run) or self.ask(sql, [run])
        return None if not known else (known[0][0], known[0][1], known[0][2])

    def _index_rows(self, sql: str, value: str) -> list[tuple[Any, ...]]:
        try:
            return self._index_.rows(sql, [value])
        except sqlite3.DatabaseError:
            return []

    def resolve(self, ref: str, tagged: Callable[[str], str | None]) -> str:
        """Give the run that *ref* names: id, ``latest``, ``best:METRIC``, key, tag, or how an id or key begins."""
        if not ref or len(ref) > 300:
            raise RunNotFoundError(
                f"finding a run - expected an id, tag, key, latest or best:METRIC - found {len(ref)} characters"
            )
        if is_run_id(ref):
            return ref
        if ref == "latest":
            sql = "SELECT id FROM runs ORDER BY start DESC, id DESC LIMIT 1"
            return self._one(ref, self.ask(sql))
        if ref.startswith("best:"):
            return self._one(ref, [(run,) for run in self.best(ref[5:]).ids])
        run = tagged(ref)
        if run is not None:
            return run
        key = ref if ref.startswith("b3:") else f"b3:{ref}"
        if is_digest(key):
            return self._one(ref, [(run,) for run in self.of_key(key)[:1]])
        if is_id_prefix(ref):
            found = self._beginning("id", ref)
            if found:
                return self._one(ref, found)
        if len(key) >= 9 and all(letter in "0123456789abcdef" for letter in key[3:]):
            return self._one(ref, self._beginning("key", key))
        return self._one(ref, [])

    def _beginning(self, column: str, text: str) -> list[tuple[Any, ...]]:
        sql = f"SELECT id FROM runs WHERE {column} >= ? AND {column} < ? ORDER BY start DESC LIMIT 9"
        return self.ask(sql, [text, text + "g"])

    def _one(self, ref: str, found: list[tuple[Any, ...]]) -> str:
        if not found:
            raise RunNotFoundError(
                f"finding run {ref!r} - expected an id or how one begins (4 characters or more), a tag, a key, latest "
                "or best:METRIC - "
                "found no such run - list runs with `backtrail runs ls`"
            )
        if len(found) > 1:
            shown = ", ".join(row[0] for row in found[:8])
            raise AmbiguousRunError(f"finding run {ref!r} - expected one - found {shown} - write more of the id")
        return str(found[0][0])

    def of_key(self, key: str, status: str | None = None) -> list[str]:
        """Give the runs of *key*, the latest first."""
        sql = "SELECT id FROM runs WHERE key=?" + (" AND status=?" if status else "") + " ORDER BY start DESC"
        values = [key, status] if status else [key]
        return [run for (run,) in self.ask(sql, values)]

    def known(self, kind: str) -> list[str]:
        """Give the names of the metrics or parameters that runs have."""
        table, column = ("metrics", "name") if kind == "metric" else ("params", "path")
        # Jump from name to name through the index instead of reading every row.
        sql = (
            f"WITH RECURSIVE names(x) AS (SELECT min({column}) FROM {table} UNION ALL "
            f"SELECT (SELECT min({column}) FROM {table} WHERE {column} > x) FROM names WHERE x IS NOT NULL) "
            "SELECT x FROM names WHERE x IS NOT NULL"
        )
        return [name for (name,) in self._index_.rows(sql)]

    def counts(self) -> dict[str, Any]:
        """Count what the index knows."""
        counted = {
            "runs": "count(*) FROM runs",
            "strategies": "count(DISTINCT strategy) FROM runs",
            "sweeps": "count(DISTINCT sweep) FROM runs",
            "keys": "count(DISTINCT key) FROM runs",
            "blobs": "count(*) FROM blobs",
            "bytes": "coalesce(sum(size), 0) FROM blobs",
        }
        found: dict[str, Any] = {name: self._index_.rows(f"SELECT {sql}")[0][0] for name, sql in counted.items()}
        found["status"] = dict(self._index_.rows("SELECT status, count(*) FROM runs GROUP BY status"))
        return found

    def find(self, text: str, order: str, limit: int | None, **fields: str | None) -> list[str]:
        """Give the ids of the runs that *text* asks for and whose *fields* are as given, in *order*."""

        def question() -> list[str]:
            condition = compile_query(text, self.known)
            tests, values = [condition.sql], list(condition.values)
            for name, value in fields.items():
                if value is not None:
                    tests.append(f'runs."{name}" = ?')
                    values.append(value)
            join, joined, ordering = self._order(order)
            sql = f"SELECT runs.id FROM runs{join} WHERE {' AND '.join(tests)} ORDER BY {ordering}"
            if limit is not None:
                sql += " LIMIT ?"
                values.append(limit)
            return [run for (run,) in self._index_.rows(sql, [*joined, *values])]

        if limit is not None and (type(limit) is not int or limit < 0):
            raise ValueError(f"asking for runs - expected a limit from 0 on - found {limit!r}")
        return self.asking(question)

    def _order(self, order: str) -> tuple[str, list[Any], str]:
        name, reverse = order.removeprefix("-"), order.startswith("-")
        if name in FIELDS:
            return "", [], f'runs."{name}" {"DESC" if reverse else "ASC"}, runs.id {"DESC" if reverse else "ASC"}'
        metric = name.removeprefix("metric.")
        if metric not in self.known("metric"):
            raise QueryError(
                f"ordering runs - expected one of {[*FIELDS, *self.known('metric')][:60]} - found {name!r} - correct it"
            )
        lower = self._directions.of(metric) == "lower"
        value = "abs(o.value)" if lower else "o.value"
        ascending = lower != reverse
        join = " LEFT JOIN metrics o ON o.run=runs.n AND o.name=?"
        ordering = f"coalesce(o.{_FINITE}, 0) DESC, {value} {'ASC' if ascending else 'DESC'}, runs.start DESC"
        return join, [metric], ordering

    def best(
        self,
        metric: str,
        count: int = 1,
        *,
        scope: str = "latest",
        strategy: str | None = None,
        sweep: str | None = None,
        where: str = "",
    ) -> Best:
        """Give the *count* best runs by *metric*, of those that finished.

        A result that was served once more is no further trial: it counts only where *where* asks for the fold that it
        was served in (``splits``, ``fold``) or for its ``status``, as failed runs do.
        *scope* ``"latest"`` compares the runs that share strategy, data, code and settings with the latest run of
        those in question; ``"all"`` compares all. Raise `UnknownMetricError` listing the metrics there are.
        """
        if scope not in ("latest", "all"):
            raise ValueError(f"finding the best run - expected the scope 'latest' or 'all' - found {scope!r}")
        if type(count) is not int or count < 1:
            raise ValueError(f"finding the best run - expected a count from 1 on - found {count!r}")
        return self.asking(lambda: self._best(metric, count, scope, strategy, sweep, where))

    def _best(
        self, metric: str, count: int, scope: str, strategy: str | None, sweep: str | None, where: str
    ) -> Best:
        condition = compile_query(where, self.known)
        tests, values = [] if condition.sql == "1" else [condition.sql], list(condition.values)
        if '"status"' not in condition.sql:
            in_folds = '"splits"' in condition.sql or '"fold"' in condition.sql
            tests.append("runs.status IN ('finished', 'cached')" if in_folds else "runs.status = 'finished'")
        for name, value in (("strategy", strategy), ("sweep", sweep)):
            if value is not None:
                tests.append(f'runs."{name}" = ?')
                values.append(value)
        group: dict[str, str | None] = {}
        if scope == "latest":
            columns = ", ".join(f'runs."{name}"' for name in _GROUP)
            has = "EXISTS(SELECT 1 FROM metrics m WHERE m.run=runs.n AND m.name=?)"
            sql = f"SELECT {columns} FROM runs WHERE {' AND '.join([*tests, has])} ORDER BY runs.start DESC LIMIT 1"
            found = self._index_.rows(sql, [*values, metric])
            if found:
                group = dict(zip(_GROUP, found[0]))
                tests += [f'runs."{name}" IS ?' for name in group]
                values += list(group.values())
        chosen = Condition(" AND ".join(tests) or "1", values)
        ranked = self._ranked(metric, count, chosen)
        if not ranked:
            raise UnknownMetricError(
                f"finding the best run - expected a metric that the runs have - found {metric!r} - "
                f"the store has {self.known('metric')[:60]}"
            )
        direction = self._directions.of(metric)
        return Best(metric, direction, [run for run, _ in ranked], [value for _, value in ranked], group, self, chosen)

    def _ranked(self, metric: str, count: int, chosen: Condition) -> list[tuple[str, float]]:
        """Give the best *count* by walking the index of values from its ends; without a finite value come last."""
        lower = self._directions.of(metric) == "lower"
        walks = [(f"m.{_FINITE}", "DESC")]
        if lower:
            walks = [(f"m.value BETWEEN 0 AND {_LARGEST}", "ASC"), (f"m.value BETWEEN -{_LARGEST} AND -5e-324", "DESC")]
        found: list[tuple[str, float]] = []
        start = "SELECT runs.id, m.value FROM metrics m CROSS JOIN runs ON runs.n=m.run WHERE m.name=? AND "
        for test, walk in walks:
            sql = f"{start}{test} AND {chosen.sql} ORDER BY m.value {walk} LIMIT ?"
            found += self._index_.rows(sql, [metric, *chosen.values, count])
        found.sort(key=lambda item: self._directions.rank(metric, item[1]))
        if len(found) < count:
            rest = f"{start}(m.value IS NULL OR NOT m.{_FINITE}) AND {chosen.sql} LIMIT ?"
            others = self._index_.rows(rest, [metric, *chosen.values, count - len(found)])
            found += [(run, float("nan") if value is None else value) for run, value in others]
        return found[:count]


def as_list(refs: str | Iterable[str]) -> list[str]:
    """Give one reference, or several, as a list."""
    return [refs] if isinstance(refs, str) else list(refs)
