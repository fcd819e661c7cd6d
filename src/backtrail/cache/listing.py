"""The runs of a cache as a mapping: read from the store whenever it is asked, and never written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ..runs.digests import PREFIX, is_digest
from ..runs.store.run import start_of
from .records import data_hash_of, summary_of

if TYPE_CHECKING:
    from ..runs.store import Run, Store

#: Finished runs that have a key and a name: what a cache knows. Attached trades have no name.
KNOWN = "status='finished' AND key IS NOT NULL AND strategy IS NOT NULL"

REMEMBERED = 5_000


class RunIndex(Mapping[str, dict[str, Any]]):
    """The finished runs of a store by id: strategy, parameters, data hash, timestamp and the main metrics of each.

    A view: it shows what the store holds when it is asked, what other processes wrote included.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Run] = {}

    @property
    def url(self) -> str:
        """The place of the store."""
        return self._store.url

    def __getitem__(self, run_id: str) -> dict[str, Any]:
        run = self.run(run_id)
        if run is None:
            raise KeyError(run_id)
        return {
            "strategy": run.strategy,
            "parameters": run.params,
            "data_hash": data_hash_of(run),
            "timestamp": start_of(run.manifest),
            "metrics": summary_of(run),
        }

    def run(self, run_id: object) -> Run | None:
        """Give the run with this id; None if there is none."""
        key = f"{PREFIX}{run_id}"
        if not is_digest(key):
            return None
        run = self._store.lookup(key) or self.thinned(key)
        return run if run is not None and run.strategy is not None else None

    def thinned(self, key: str) -> Run | None:
        """Give a run of *key* whose results were given up: what it was made of and its metrics are still there."""
        runs = self._store.search.of_key(key, "finished")
        return next((self.known(run) for run in runs if self._store.refs.parts_of(run) is not None), None)

    def __contains__(self, run_id: object) -> bool:
        return self.run(run_id) is not None

    def __iter__(self) -> Iterator[str]:
        rows = self._rows(f"SELECT key FROM runs WHERE {KNOWN} GROUP BY key ORDER BY min(start), key")
        return (key.removeprefix(PREFIX) for (key,) in rows)

    def __len__(self) -> int:
        return int(self._rows(f"SELECT count(DISTINCT key) FROM runs WHERE {KNOWN}")[0][0])

    def strategies(self) -> dict[str, int]:
        """Count the runs of each strategy."""
        rows = self._rows(f"SELECT strategy, count(DISTINCT key) FROM runs WHERE {KNOWN} GROUP BY strategy")
        return dict(sorted(rows))

    def has_strategy(self, strategy: str) -> bool:
        """Tell whether there is a run of *strategy*."""
        return bool(self._rows(f"SELECT 1 FROM runs WHERE strategy=? AND {KNOWN} LIMIT 1", [strategy]))

    def known(self, run: str) -> Run:
        """Give the run of a record; its manifest, which never changes, is read once."""
        from ..runs.store import Run

        if len(self._known) >= REMEMBERED:
            self._known.clear()
        return self._known.setdefault(run, Run(self._store, run))

    def find_all(self, refs: Iterable[str]) -> dict[str, Run | None]:
        """Give the run that each of *refs* names, None for those that name none; see `find`."""
        wanted = {f"{PREFIX}{ref}": ref for ref in refs}
        found: dict[str, Run | None] = dict.fromkeys(wanted.values())
        keys = [key for key in wanted if is_digest(key)]
        for first in range(0, len(keys), 500):
            part = keys[first : first + 500]
            places = ",".join("?" * len(part))
            sql = f"SELECT key, id, max(start) FROM runs WHERE key IN ({places}) AND {KNOWN} GROUP BY key"
            for key, run, _ in self._rows(sql, part):
                found[wanted[key]] = self.known(run)
        return {ref: run if run is not None else self.find(ref) for ref, run in found.items()}

    def _rows(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self._store.search.ask(sql, list(values))

    def find(self, ref: str) -> Run | None:
        """Give the run that *ref* names: an id, the beginning of one, a tag, ``latest`` or ``best:METRIC``."""
        run = self.run(ref)
        if run is not None:
            return run
        try:
            return self._store.run(str(ref))
        except StoreError:
            return None

    def __repr__(self) -> str:
        return f"<RunIndex of {len(self)} runs in {self._store.url}>"


__all__ = ["KNOWN", "RunIndex"]
