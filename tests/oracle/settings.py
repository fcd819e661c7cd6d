"""Random settings of a run: Cerebro, broker, commissions, sizers, timers, analyzers and what is written down."""

from __future__ import annotations

from random import Random
from typing import Any

Call = list[Any]

ANALYZERS = (
    "SharpeRatio", "DrawDown", "TimeDrawDown", "Returns", "TimeReturn", "AnnualReturn", "TradeAnalyzer", "SQN",
    "Calmar", "VWR", "Transactions", "PositionsValue", "GrossLeverage",
)  # fmt: skip
TIMED = ("SharpeRatio", "TimeDrawDown", "Returns", "TimeReturn", "Calmar", "VWR")
COMMISSIONS: tuple[dict[str, Any], ...] = (
    {"commission": 0.001},
    {"commission": 0.5, "percabs": False},
    {"commission": 2.0, "margin": 100.0, "mult": 5.0},
    {"commission": 0.002, "commtype": 0, "stocklike": True},
    {"commission": 1.25, "commtype": 1, "stocklike": True},
    {"commission": 0.001, "leverage": 4.0, "stocklike": True, "commtype": 0},
    {"commission": 0.3, "stocklike": True, "commtype": 1, "mult": 2.0},
)
FUTURES: tuple[dict[str, Any], ...] = (
    {"commission": 2.0, "margin": 50.0, "mult": 10.0},
    {"commission": 1.0, "margin": 1000.0, "mult": 1.0},
    {"commission": 0.0001, "margin": 20.0, "mult": 3.0, "commtype": 0},
    {"commission": 1.0, "mult": 2.0, "automargin": 0.1, "commtype": 1},
    {"commission": 1.0, "mult": 2.0, "automargin": -1, "commtype": 1},
    {"commission": 0.0, "margin": 30.0, "mult": 0.5},
    {"commission": 1.0, "commtype": 1},
)


def cerebro(rng: Random, features: frozenset[str]) -> dict[str, Any]:
    """Choose Cerebro's keywords."""
    options: dict[str, Any] = {}
    eager = "modes" in features
    if rng.random() < (0.7 if eager else 0.4):
        options["stdstats"] = False
    if rng.random() < (0.5 if eager else 0.15):
        options["runonce"] = False
    if rng.random() < (0.3 if eager else 0.08):
        options["preload"] = False
    if rng.random() < (0.4 if eager else 0.05):
        # backtrader keeps too little of datas that are not in step and of any strategy but the first, and stops
        options["exactbars"] = rng.choice(
            [-1, -2] if features & {"strategies", "datas"} else [True, 1, -1, -2]
        )
    if rng.random() < (0.3 if eager else 0.1):
        options["tradehistory"] = True
    if rng.random() < (0.25 if eager else 0.03):
        options["quicknotify"] = True
    if rng.random() < (0.15 if eager else 0.02) and not features & {"frames", "replay", "timers", "datas"}:
        options["oldsync"] = True
    if rng.random() < (0.15 if eager else 0.02):
        options["oldbuysell"] = True
    if rng.random() < (0.15 if eager else 0.02):
        options["oldtrades"] = True
    if "open" in features or ("cheat" in features and rng.random() < 0.3):
        options["cheat_on_open"] = True
        if rng.random() < 0.3:
            options["broker_coo"] = False
    return options


def commission(rng: Random, features: frozenset[str], names: int) -> list[Call]:
    """Choose commission schemes: for all, and for single datas."""
    calls: list[Call] = []
    schemes = (FUTURES if "futures" in features and rng.random() < 0.6 else ()) or COMMISSIONS
    for name in [None, *(f"d{k}" for k in range(names))]:
        if name is not None and rng.random() < 0.6:
            continue
        kwargs = dict(rng.choice(schemes))
        if "interest" in features:
            kwargs.update(interest=rng.choice([0.03, 0.5]), interest_long=rng.random() < 0.5)
        if rng.random() < 0.1 and "interest" not in features:
            calls.append(["addcommissioninfo", [{"commission": "minimum"}], {"name": name}])
        elif rng.random() < 0.15:
            where = rng.choice(["CommInfo_Stocks_Perc", "CommInfo_Stocks_Fixed", "CommInfo_Futures_Fixed"])
            scheme = {"commission": rng.choice([0.1, 1.5])}
            if "Futures" in where:
                scheme.update(margin=25.0, mult=4.0)
            calls.append(["addcommissioninfo", [{"new": ["commissions", where, scheme]}], {"name": name}])
        else:
            calls.append(["setcommission", [], {**kwargs, **({} if name is None else {"name": name})}])
    return calls


def broker(rng: Random, features: frozenset[str], names: int) -> list[Call]:
    """Choose the broker's settings as calls of its methods."""
    calls: list[Call] = []
    if "poor" in features:
        calls.append(["setcash", [rng.choice([300.0, 1000.0, 3000.0])], {}])
    elif rng.random() < 0.5:
        calls.append(["setcash", [rng.choice([2000.0, 100_000.0, 12_345.67, 1_000_000])], {}])
    if features & {"money", "futures", "interest"} or rng.random() < 0.3:
        calls += commission(rng, features, names)
    if "interest" in features and rng.random() < 0.3:
        calls.append(["set_int2pnl", [False], {}])
    if "slip" in features:
        calls.append(_slippage(rng))
    if "fill" in features:
        calls.append(["set_filler", [_filler(rng)], {}])
    if "cheat" in features and rng.random() < 0.5:
        calls.append(["set_coc", [True], {}])
    if "cheat" in features and rng.random() < 0.15:
        calls.append(["set_coo", [True], {}])
    if rng.random() < 0.2:
        calls.append(["set_checksubmit", [False], {}])
    if rng.random() < (0.4 if features & {"money", "poor"} else 0.05):
        calls.append(["set_shortcash", [False], {}])
    if "fund" in features and rng.random() < 0.7:
        calls.append(["set_fundmode", [True], {"fundstartval": 10.0} if rng.random() < 0.3 else {}])
    if rng.random() < 0.03:
        calls.append(["set_eosbar", [True], {}])
    return calls


def _slippage(rng: Random) -> Call:
    options = {
        name: rng.random() < 0.5
        for name in ("slip_open", "slip_limit", "slip_match", "slip_out")
        if rng.random() < 0.5
    }
    if rng.random() < 0.5:
        return ["set_slippage_perc", [rng.choice([0.0005, 0.01, 0.05])], options]
    return ["set_slippage_fixed", [rng.choice([0.01, 0.5, 3.0])], options]


def _filler(rng: Random) -> dict[str, Any]:
    return rng.choice(
        [
            {"new": ["fillers", "FixedSize", {"size": rng.choice([1, 3, 100])}]},
            {"new": ["fillers", "FixedBarPerc", {"perc": rng.choice([1.0, 50.0, 100.0])}]},
            {"new": ["fillers", "BarPointPerc", {"minmov": rng.choice([None, 0.05]), "perc": 50.0}]},
            {"filler": "function"},
        ]
    )


def timer(rng: Random, data: dict[str, Any], cheat: bool) -> dict[str, Any]:
    """Choose one timer."""
    when = rng.choice(["start", "end", "10:00", "12:30", "00:00", "15:55"])
    options: dict[str, Any] = {"when": {"timer": when}}
    if rng.random() < 0.3:
        options["offset"] = {"seconds": rng.choice([600, 3600, -900])}
    if rng.random() < 0.4:
        options["repeat"] = {"seconds": rng.choice([300, 1800, 7200])}
    if rng.random() < 0.3:
        options["weekdays"] = sorted(rng.sample(range(1, 8), rng.randint(1, 4)))
        options["weekcarry"] = rng.random() < 0.5
    elif rng.random() < 0.3:
        options["monthdays"] = sorted(rng.sample(range(1, 29), rng.randint(1, 5)))
        options["monthcarry"] = rng.random() < 0.5
    if cheat and rng.random() < 0.4:
        options["cheat"] = True
    if rng.random() < 0.2:
        options["label"] = "morning"
    return options


def calls(rng: Random, features: frozenset[str], spec: dict[str, Any]) -> list[Call]:
    """Choose calls on Cerebro: sizers, timers, order histories."""
    found: list[Call] = []
    if "sizer" in features:
        found.append(_sizer(rng))
    if "timers" in features and rng.random() < 0.7:
        cheat = bool(spec["cerebro"].get("cheat_on_open"))
        found.append(["add_timer", [], {**timer(rng, spec["datas"][0], cheat), "strats": rng.random() < 0.8}])
    if "writers" in features:
        options = {"csv": rng.random() < 0.8, **({"rounding": 3} if rng.random() < 0.3 else {})}
        if rng.random() < 0.2:
            options["csv_counter"] = False
        found.append(["addwriter", [{"class": "WriterStringIO"}], options])
    if "history" in features:
        rows = spec["datas"][0]["rows"]
        picks = sorted(rng.sample(range(len(rows)), min(len(rows), rng.randint(1, 8))))
        entries = [
            [rows[k][0], rng.choice([-5, -1, 1, 3]), rows[k][4], *(["d0"] if rng.random() < 0.5 else [])]
            for k in picks
        ]
        found.append(["add_order_history", [{"history": entries}], {"notify": rng.random() < 0.7}])
    return found


def _sizer(rng: Random) -> Call:
    name, kwargs = rng.choice(
        [
            ("FixedSize", {"stake": 3}),
            ("FixedSize", {"stake": 10, "tranches": 3}),
            ("FixedReverser", {"stake": 2}),
            ("PercentSizer", {"percents": 10}),
            ("PercentSizerInt", {"percents": 20}),
            ("AllInSizer", {}),
            ("AllInSizerInt", {"percents": 90}),
            ("FixedSizeTarget", {"stake": 4}),
            ("user", {"share": 0.2}),
        ]
    )
    return ["addsizer", [{"sizer": name}], kwargs]


def analyzers(rng: Random, features: frozenset[str], spec: dict[str, Any]) -> list[Any]:
    """Choose analyzers and their timeframes."""
    if "analyzers" not in features:
        return [["TradeAnalyzer", {}]] if rng.random() < 0.1 else []
    chosen: list[Any] = []
    intraday = spec["datas"][0].get("timeframe") == "Minutes"
    for name in rng.sample(ANALYZERS, rng.randint(2, 6)):
        if name == "AnnualReturn" and spec["cerebro"].get("stdstats") is False:
            continue  # backtrader needs the default observers for it
        kwargs: dict[str, Any] = {}
        if name in TIMED and rng.random() < 0.7:
            frames = ["Days", "Weeks", "Months", "NoTimeFrame", *(["Minutes"] if intraday else [])]
            kwargs["timeframe"] = rng.choice(frames)
        if name in ("DrawDown", "TimeDrawDown", "TimeReturn", "Returns") and rng.random() < 0.2:
            kwargs["fund"] = rng.random() < 0.5
        chosen.append([name, kwargs])
    return chosen


def watch(rng: Random, open_hook: bool) -> dict[str, Any]:
    """Choose what is written down: everything half of the time, else some hooks, so that shortcuts are taken."""
    hooks = [
        "start", "stop", "prenext", "nextstart", "next", "notify_order", "notify_trade", "notify_cashvalue",
        "notify_fund", "notify_timer",
    ]  # fmt: skip
    if open_hook:
        hooks += ["prenext_open", "nextstart_open", "next_open"]
    pick = rng.random()
    if pick < 0.5:
        return {"hooks": hooks, "reads": 1}
    if pick < 0.65:
        return {"hooks": ["notify_order", "notify_trade"], "reads": 0}
    if pick < 0.75:
        return {"hooks": ["next", "notify_order"], "reads": rng.choice([0, 3, 7])}
    if pick < 0.82:
        return {"hooks": [], "reads": 0}
    return {"hooks": [h for h in hooks if rng.random() < 0.5], "reads": rng.choice([0, 1, 5])}
