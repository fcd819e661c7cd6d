"""The base of sizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, dataclass_transform

from ..base.declare import ParamsBase, param


@dataclass_transform(kw_only_default=True, field_specifiers=(param,))
class Sizer(ParamsBase):
    """Base of sizers: override ``_getsizing``.

    ``strategy`` and ``broker`` are set by the framework before the first question.
    """

    if TYPE_CHECKING:  # for type checkers: no parameters
        strategy: Any = param(init=False)
        broker: Any = param(init=False)
    else:
        strategy = None
        broker = None

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in ("getsizing", "_getsizing") and self.strategy is not None:
            self.strategy._find_size_()

    def getsizing(self, data: Any, isbuy: bool) -> float:
        """Give the size for an order on *data*."""
        comminfo = self.broker.getcommissioninfo(data)
        return self._getsizing(comminfo, self.broker.getcash(), data, isbuy)

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
        """Give the size for an order on *data*, with *cash* at hand; 0 means no order. Made to be overridden."""
        raise NotImplementedError(
            f"{type(self).__name__} must define _getsizing(comminfo, cash, data, isbuy)"
        )

    def set(self, strategy: Any, broker: Any) -> None:
        """Take the strategy and the broker to size for."""
        self.strategy = strategy
        self.broker = broker


SizerBase = Sizer

__all__ = ["Sizer", "SizerBase"]
