"""Terms of orders that are odd: what backtrader makes of them, and the exceptions that scripts catch."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from .traces import feed, rows, same

NAN, INF = float("nan"), float("inf")
FIELDS = ("price", "pricelimit", "exectype", "valid", "tradeid", "oco", "trailamount", "transmit", "size")


def trading(lib: ModuleType, act: Any, **broker: Any) -> list[Any]:
    log: list[Any] = []

    class Acts(lib.Strategy):  # type: ignore[misc,name-defined]  # a class that is not known beforehand
        def notify_order(self, order: Any) -> None:
            given = [getattr(order.p, name) for name in FIELDS]
            log.append((order.status, order.size, order.exectype, order.oco, order.tradeid, given))
            log.append((order.created.price, order.executed.price, order.executed.size, order.executed.comm))

        def notify_trade(self, trade: Any) -> None:
            log.append((trade.status, trade.size, trade.tradeid, trade.pnl))

        def next(self) -> None:
            if len(self) == 2:
                self.buy(size=3)
            elif len(self) == 4:
                try:
                    log.append(act(self, lib) is None)
                except (LookupError, TypeError, ValueError) as error:
                    log.append([kind for kind in (TypeError, KeyError, ValueError) if isinstance(error, kind)])
            elif len(self) == 6:
                self.close()
            log.append((self.position.size, self.broker.getcash(), self.broker.getvalue()))

    cerebro = lib.Cerebro()
    for name, value in broker.items():
        getattr(cerebro.broker, name)(value)
    cerebro.adddata(feed(lib, rows(10)))
    cerebro.addstrategy(Acts)
    cerebro.run()
    return log


ODD: dict[str, Any] = {
    "nan": lambda s, lib: s.buy(size=NAN),
    "sell inf": lambda s, lib: s.sell(size=INF),
    "limit nan": lambda s, lib: s.buy(size=NAN, exectype=lib.Order.Limit, price=200.0),
    "stop inf": lambda s, lib: s.buy(size=INF, exectype=lib.Order.Stop, price=1.0),
    "close nan": lambda s, lib: s.close(size=NAN),
    "bracket nan": lambda s, lib: s.buy_bracket(size=NAN, stopprice=50.0, limitprice=200.0),
    "no trade": lambda s, lib: s.buy(tradeid=None),
    "named trade": lambda s, lib: s.buy(tradeid="x"),
    "negative trade": lambda s, lib: s.sell(size=5, tradeid=-1),
    "market": lambda s, lib: s.buy(exectype=lib.Order.Market),
    "day": lambda s, lib: s.buy(exectype=lib.Order.Limit, price=200.0, valid=lib.Order.DAY),
    "oco": lambda s, lib: s.sell(oco=s.buy(exectype=lib.Order.Limit, price=1.0), size=2),
}


@pytest.mark.filterwarnings("ignore::backtrail.errors.OrderWarning")
@pytest.mark.parametrize(
    ("kind", "check"), [(kind, check) for kind in ODD for check in (True, False) if check or "inf" not in kind]
)
def test_odd_terms_end_as_in_backtrader(kind: str, check: bool) -> None:
    same(lambda lib: trading(lib, ODD[kind], set_checksubmit=check))


CAUGHT: dict[str, tuple[Any, type[Exception]]] = {
    "data": (lambda s, lib: s.buy("eur"), KeyError),
    "position": (lambda s, lib: s.getpositionbyname("eur"), KeyError),
    "valid": (lambda s, lib: s.buy(exectype=lib.Order.Limit, price=5.0, valid="soon"), TypeError),
    "size": (lambda s, lib: s.buy(size="1"), TypeError),
    "target": (lambda s, lib: s.order_target_value(target="half"), TypeError),
    "no target": (lambda s, lib: s.order_target_percent(target=None), TypeError),
}


@pytest.mark.parametrize("kind", CAUGHT)
def test_what_a_script_catches_of_backtrader_is_caught(kind: str) -> None:
    import backtrader

    import backtrail

    act, error = CAUGHT[kind]
    for lib in (backtrader, backtrail):
        (caught,) = [entry for entry in trading(lib, act) if isinstance(entry, list)]
        assert error in caught
