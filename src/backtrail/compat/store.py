"""The base of stores: one object per class that stands for a connection and makes the feeds and the broker of it."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from .metabase import MetaSingleton


class Store(metaclass=MetaSingleton):
    """Base of stores; calling a class again gives the same object.

    Subclasses set ``DataCls`` and ``BrokerCls``, the classes of the feeds and of the broker that work on this store.
    """

    BrokerCls: ClassVar[Any] = None
    DataCls: ClassVar[Any] = None
    params: ClassVar[Any] = ()
    _started = False

    def getdata(self, *args: Any, **kwargs: Any) -> Any:
        """Make a feed of this store."""
        data = self.DataCls(*args, **kwargs)
        data._store = self
        return data

    @classmethod
    def getbroker(cls, *args: Any, **kwargs: Any) -> Any:
        """Make the broker of this store."""
        broker = cls.BrokerCls(*args, **kwargs)
        broker._store = cls
        return broker

    def start(self, data: Any = None, broker: Any = None) -> None:
        """Begin, or be told of a *data* or of the *broker* that begins."""
        if not self._started:
            self._started = True
            self.notifs: deque[Any] = deque()
            self.datas: list[Any] = []
            self.broker: Any = None
        if data is not None:
            self._cerebro = self._env = data._env
            self.datas.append(data)
            if self.broker is not None and hasattr(self.broker, "data_started"):
                self.broker.data_started(data)
        elif broker is not None:
            self.broker = broker

    def stop(self) -> None:
        """End."""

    def put_notification(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Leave a message for Cerebro and the strategies."""
        self.notifs.append((msg, args, kwargs))

    def get_notifications(self) -> list[Any]:
        """Give the messages since the last time."""
        self.notifs.append(None)  # messages that come in meanwhile stay for the next time
        return list(iter(self.notifs.popleft, None))
