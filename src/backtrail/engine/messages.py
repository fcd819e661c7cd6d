"""Messages of stores and changes of a feed's status: who is told of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class Messages:
    """Takes messages to the callbacks, then to Cerebro, then to every strategy."""

    def __init__(self, run: Any) -> None:
        self.run = run

    def deliver(self) -> bool:
        """Hand over what stores and then feeds have to say; tell whether the run goes on."""
        self.of_stores()
        if self.run.stop_requested:
            return False
        return self.of_datas()

    def finish(self) -> None:
        """Hand over what is left at the end."""
        self.of_datas()
        self.of_stores()

    def of_stores(self) -> None:
        """Hand over the messages of stores."""
        spec = self.run.spec
        for store in spec.stores:
            for message, args, kwargs in store.get_notifications():
                for tell in self._listeners(spec.store_callbacks, "notify_store"):
                    tell(message, *args, **kwargs)

    def of_datas(self) -> bool:
        """Hand over the changes of the feeds' status; tell whether the run goes on."""
        run = self.run
        for data in run.datas:
            if data.notifs:
                for status, args, kwargs in data.get_notifications():
                    for tell in self._listeners(run.spec.data_callbacks, "notify_data"):
                        tell(data, status, *args, **kwargs)
        return not run.stop_requested

    def _listeners(self, callbacks: Sequence[Callable[..., None]], hook: str) -> list[Callable[..., None]]:
        run = self.run
        return [*callbacks, getattr(run.cerebro, hook), *(getattr(strat, hook) for strat in run.strats)]


__all__ = ["Messages"]
