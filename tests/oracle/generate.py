"""Random scenarios as plain data. The same seed and family always give the same spec.

A family says which features may occur together; `everything` mixes them all. What is documented to differ from
backtrader is not generated: reading the value of several datas, `valid=0`, brackets without a size, `orderstatus`,
couplers in vectorised mode, data shorter than an indicator's warm-up, Limit and Stop orders without a price,
`exactbars=1` with several datas or strategies, `oldsync` with several datas (shorter ones go on with NaN).
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle import bars, settings
from tests.oracle.actions import Actions
from tests.oracle.spec import Spec

FAMILIES: dict[str, frozenset[str]] = {
    name: frozenset(features.split())
    for name, features in {
        "market": "plain",
        "limits": "limit stop",
        "stoplimits": "stoplimit limit cancel",
        "trails": "trail stop",
        "validity": "limit stop trail valid",
        "brackets": "bracket cancel valid",
        "families": "limit stop family cancel",
        "oco": "limit stop oco cancel",
        "cancels": "limit stop trail cancel modes",
        "targets": "target limit",
        "commissions": "limit stop money",
        "margin": "limit stop target money futures poor",
        "interest": "limit target interest intraday",
        "slippage": "limit stop stoplimit trail bracket slip",
        "fillers": "limit stop stoplimit bracket oco fill cancel",
        "cheating": "limit stop cheat open",
        "funds": "limit target fund money",
        "datas": "limit stop target datas money",
        "timeframes": "limit stop datas weeks intraday",
        "resampling": "limit stop frames intraday",
        "replaying": "limit stop bracket replay intraday",
        "modes": "limit stop bracket modes analyzers",
        "datamodes": "limit stop datas modes",
        "hooks": "limit stop bracket hooks modes",
        "sizers": "limit target sizer money",
        "timers": "limit stop timers intraday cheat",
        "analyzers": "limit stop target analyzers datas fund",
        "strategies": "limit stop strategies datas",
        "optimising": "limit stop bracket optimise analyzers",
        "histories": "limit stop history datas",
        "tradeids": "limit tradeid modes",
        "signals": "signals datas sizer",
        "writers": "limit bracket analyzers writers",
        "dates": "limit stop dates filters intraday",
        "everything": "limit stop stoplimit trail valid bracket family oco cancel target money futures interest slip "
        "fill cheat open fund datas intraday modes hooks sizer timers analyzers strategies tradeid poor",
    }.items()
}
INDICATORS = ("SMA", "EMA", "WMA", "Highest", "Lowest", "StdDev", "ATR", "Momentum", "SumN", "SMMA")


def generate(seed: int, family: str = "everything") -> Spec:
    """Make the spec number *seed* of a family."""
    return {"seed": seed, **generate_from(Random(f"{family}:{seed}"), family)}


def generate_from(rng: Random, family: str) -> Spec:
    """Make a spec of a family from any source of randomness, Hypothesis' own included."""
    features = FAMILIES[family]
    if family == "everything":  # each run shows some of it: all at once hides most
        features = frozenset(f for f in sorted(features) if rng.random() < 0.4)
    spec: Spec = {"family": family}
    ticks = _datas(rng, features, spec)
    spec["cerebro"] = settings.cerebro(rng, features)
    if "optimise" in features:
        spec["cerebro"].update(maxcpus=1, optreturn=rng.random() < 0.5)
        spec["optimise"] = {"shift": [0, 1, 3]}
    spec["broker"] = settings.broker(rng, features, len(spec["datas"]))
    spec["cerebro_calls"] = settings.calls(rng, features, spec)
    count = rng.randint(2, 3) if "strategies" in features else 1
    open_hook = bool(spec["cerebro"].get("cheat_on_open"))
    spec["strategies"] = [_strategy(rng, features, spec, ticks, open_hook) for _ in range(count)]
    spec["analyzers"] = settings.analyzers(rng, features, spec)
    spec["watch"] = settings.watch(rng, open_hook)
    if (
        "signals" in features
    ):  # a signal strategy's own `next` is what backtrader wraps: it cannot be wrapped again
        spec["watch"]["hooks"] = [hook for hook in spec["watch"]["hooks"] if hook != "next"]
    return spec


def _base(rng: Random, features: frozenset[str], count: int) -> tuple[dict[str, Any], float]:
    timeframe, compression = "Days", 1
    if "intraday" in features and rng.random() < 0.7:
        timeframe, compression = "Minutes", rng.choice([1, 5, 15, 60])
    rows, tick = bars.rows(rng, count, timeframe, compression)
    feed = rng.choices(["pandas", "user", "csv"], [6, 3, 1])[0]
    data: dict[str, Any] = {"rows": rows, "feed": feed, "timeframe": timeframe, "compression": compression}
    if rng.random() < 0.2:
        data["kwargs"] = {"sessionstart": "T09:30", "sessionend": "T16:00"}
    if "dates" in features:
        _span(rng, data)
    if "filters" in features and rng.random() < 0.5:
        data["filters"] = rng.sample(["drop some", "widen", "every other", "twice"], rng.randint(1, 2))
    return data, tick


def _span(rng: Random, data: dict[str, Any]) -> None:
    """Cut the data by dates, which may have times of day."""
    kwargs = data.setdefault("kwargs", {})
    first, last = str(data["rows"][3][0]), str(data["rows"][-3][0])
    if rng.random() < 0.5:
        kwargs["fromdate"] = f"D{first if rng.random() < 0.5 else first[:10]}"
    if rng.random() < 0.5:
        whole = data["timeframe"] == "Minutes" or rng.random() < 0.5  # a bare date ends before the day begins
        kwargs["todate"] = f"D{last if whole else last[:10]}"


def _datas(rng: Random, features: frozenset[str], spec: Spec) -> list[float]:
    """Put the datas into *spec*; give the price step of each."""
    count = rng.choice([30, 40, 60]) if features & {"frames", "replay"} else rng.choice([20, 30, 40, 60])
    first, tick = _base(rng, features, count)
    first["name"] = "d0"
    datas, ticks = [first], [tick]
    if "frames" in features:
        _derived(rng, datas, ticks)
    elif "replay" in features:
        _replayed(rng, datas, ticks)
    elif "datas" in features:
        for k in range(1, rng.randint(2, 4)):
            extra, tick = _sibling(rng, features, first, k)
            datas.append(extra)
            ticks.append(tick)
    spec["datas"] = datas
    return ticks


def _sibling(
    rng: Random, features: frozenset[str], first: dict[str, Any], k: int
) -> tuple[dict[str, Any], float]:
    """Make one more data: other prices on the same times, or times of its own (start, end, holes, timeframe)."""
    from datetime import datetime, timedelta

    start = datetime.fromisoformat(str(first["rows"][0][0])).replace(hour=0, minute=0)
    if rng.random() < 0.4:
        rows, tick = bars.rows(rng, len(first["rows"]))
        rows = [[a[0], *b[1:]] for a, b in zip(first["rows"], rows)]
        frame = (first["timeframe"], first["compression"])
    else:
        frame = (first["timeframe"], first["compression"])
        if "weeks" in features and frame[0] == "Days" and rng.random() < 0.6:
            frame = ("Weeks", 1)
        elif "weeks" in features and frame[0] == "Minutes" and rng.random() < 0.6:
            frame = ("Minutes", rng.choice([1, 5, 30])) if rng.random() < 0.7 else ("Days", 1)
        count = max(8, len(first["rows"]) // (4 if frame[0] == "Weeks" else 1) + rng.randint(-5, 10))
        start += timedelta(days=rng.choice([0, 0, 1, 5]))
        rows, tick = bars.rows(rng, count, frame[0], frame[1], start=start)
    feed = rng.choices(["pandas", "user"], [3, 1])[0]
    data = {"rows": rows, "feed": feed, "timeframe": frame[0], "compression": frame[1], "name": f"d{k}"}
    return data, tick


def _target_frame(rng: Random, base: dict[str, Any]) -> dict[str, Any]:
    if base["timeframe"] == "Minutes":
        return rng.choice(
            [
                {"timeframe": "Minutes", "compression": base["compression"] * rng.choice([2, 3, 5])},
                {"timeframe": "Minutes", "compression": 60},
                {"timeframe": "Days", "compression": 1},
            ]
        )
    return rng.choice(
        [
            {"timeframe": "Weeks", "compression": 1},
            {"timeframe": "Months", "compression": 1},
            {"timeframe": "Days", "compression": rng.choice([2, 3, 5])},
            {"timeframe": "Weeks", "compression": 2},
        ]
    )


def _frame_options(rng: Random, replay: bool) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, values, chance in (
        ("bar2edge", [False], 0.1),
        ("rightedge", [False], 0.1),
        ("boundoff", [1, 2], 0.1),
        ("adjbartime", [replay], 0.1),
        ("takelate", [False], 0.1),
    ):
        if rng.random() < chance:
            options[name] = rng.choice(values)
    return options


def _derived(rng: Random, datas: list[dict[str, Any]], ticks: list[float]) -> None:
    """Resample the first data: beside it (a clone), instead of it, or through the feed's own method."""
    base = datas[0]
    how = rng.choice(["clone", "clone", "instead", "own", "two"])
    options = {**_target_frame(rng, base), **_frame_options(rng, False)}
    if how == "instead":
        base.update(add="resampledata", args=options)
        return
    if how == "own":
        base.update(add="resample", args=options)
        return
    datas.append({"of": 0, "add": "resampledata", "args": options, "name": "d1"})
    ticks.append(ticks[0])
    if how == "two":
        options = {**_target_frame(rng, base), **_frame_options(rng, False)}
        datas.append({"of": 0, "add": "resampledata", "args": options, "name": "d2"})
        ticks.append(ticks[0])


def _replayed(rng: Random, datas: list[dict[str, Any]], ticks: list[float]) -> None:
    base = datas[0]
    options = {**_target_frame(rng, base), **_frame_options(rng, True)}
    how = rng.choice(["instead", "instead", "clone", "own"])
    if how == "clone":
        datas.append({"of": 0, "add": "replaydata", "args": options, "name": "d1"})
        ticks.append(ticks[0])
    else:
        base.update(add="replaydata" if how == "instead" else "replay", args=options)


def _indicators(rng: Random, features: frozenset[str], datas: list[dict[str, Any]]) -> list[Any]:
    """Choose indicators whose warm-up the data is long enough for.

    Expressions are on the first data only: backtrader counts the warm-up of those on others on the first one's clock.
    Recursive averages have two bars at least: with one, backtrader forgets what they recur to when it saves memory.
    """
    chosen: list[Any] = []
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        source = rng.randrange(len(datas))
        rows = len(datas[source].get("rows", []))
        longest = min(3 if "filters" in features else 9, rows - 3)
        if "add" in datas[source]:  # bars of the larger timeframe are few
            longest = 1 if datas[source]["add"] == "resample" else 2
        period = rng.randint(1, longest)
        kind = rng.choice([*INDICATORS, "cross", "spread", "if"])
        if (kind in ("spread", "if") and source) or (kind in ("EMA", "SMMA", "ATR", "cross") and period < 2):
            kind = "SMA"
        if kind == "cross":
            chosen.append([kind, {"fast": 1, "slow": period}, source])
        elif kind == "spread":
            chosen.append([kind, {"ago": 1, "period": max(1, period - 1)}, source])
        else:
            chosen.append([kind, {"period": period}, source])
    return chosen


SIGNALS = ("LONGSHORT", "LONG", "LONG_INV", "LONG_ANY", "SHORT", "SHORT_INV", "SHORT_ANY")
EXITS = ("LONGEXIT", "LONGEXIT_INV", "LONGEXIT_ANY", "SHORTEXIT", "SHORTEXIT_INV", "SHORTEXIT_ANY")


def _signals(rng: Random) -> dict[str, Any]:
    """Choose what a signal strategy enters and leaves on."""
    kinds = [*rng.choices(SIGNALS, k=rng.randint(1, 2)), *rng.choices(EXITS, k=rng.randint(0, 2))]
    lines = ("distance", "cross", "momentum")
    chosen = [[f"SIGNAL_{kind}", rng.choice(lines), {"period": rng.randint(2, 6)}] for kind in kinds]
    options = {"_accumulate": rng.random() < 0.3, "_concurrent": rng.random() < 0.3}
    return {"signals": chosen, "options": options, "actions": {}}


def _strategy(
    rng: Random, features: frozenset[str], spec: Spec, ticks: list[float], open_hook: bool
) -> dict[str, Any]:
    """Write the script of one strategy, or choose its signals."""
    if "signals" in features:
        return _signals(rng)
    maker = Actions(rng, features, len(spec["datas"]), ticks)
    length = max(len(d.get("rows", ())) for d in spec["datas"])
    entry: dict[str, Any] = {"indicators": _indicators(rng, features, spec["datas"])}
    entry["prenext"] = rng.random() < 0.15
    density = rng.choice([0.1, 0.25, 0.5])
    hooks = {"next": maker.calls(length, density)}
    if open_hook:
        hooks["next_open"] = maker.calls(length, density)
    if "hooks" in features:
        hooks["filled"] = maker.calls(20, 0.5)
        hooks["closed"] = maker.calls(10, 0.5)
    if "timers" in features:
        hooks["timer"] = maker.calls(20, 0.4)
        if rng.random() < 0.5 and "optimise" not in features:
            entry["timers"] = [settings.timer(rng, spec["datas"][0], open_hook)]
    entry["actions"] = hooks
    return entry
