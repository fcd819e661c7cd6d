"""Random bars of the kinds that break engines: gaps, flat runs, no volume, limit moves, negative prices, odd ticks."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

STYLES = ("walk", "walk", "gaps", "flat", "limit", "spread", "coarse", "raw", "trend", "quiet")
JsonRow = list[str | float]


def tick_of(style: str) -> float:
    """Give the price step of a style; distances of orders from the close are multiples of it."""
    return {"coarse": 1.0, "spread": 0.25, "quiet": 0.01}.get(style, 0.05)


def noise(rng: Random, mean: float, sigma: float) -> float:
    """Give a normal number within six sigmas, whatever drives *rng*."""
    return mean + max(-6.0 * sigma, min(6.0 * sigma, rng.gauss(0.0, sigma)))


def times(
    rng: Random, count: int, timeframe: str, compression: int, start: datetime, holes: float
) -> list[datetime]:
    """Give *count* rising times: working days, Fridays, or steps within a session from 09:30 to 16:00."""
    stamps: list[datetime] = []
    now, missed = start, 0

    def keep() -> None:
        nonlocal missed
        if missed < 5 and rng.random() < holes:
            missed += 1
            return
        missed = 0
        stamps.append(now)

    if timeframe == "Minutes":
        step = timedelta(minutes=compression)
        close = now.replace(hour=16, minute=0)
        while len(stamps) < count:
            now += step
            if now > close or rng.random() < 0.01:
                now = (now + timedelta(days=1)).replace(hour=9, minute=30) + step
                close = now.replace(hour=16, minute=0)
            keep()
        return stamps
    if timeframe == "Weeks":  # on Fridays
        now += timedelta(days=(4 - now.weekday()) % 7)
    step = timedelta(days=7 * compression if timeframe == "Weeks" else compression)
    while len(stamps) < count:
        if now.weekday() < 5:
            keep()
        now += step
    return stamps


def prices(rng: Random, count: int, style: str) -> list[tuple[float, float, float, float]]:
    """Give *count* (open, high, low, close) of a style."""
    tick = tick_of(style)
    digits = 12 if style == "raw" else 6
    base = {"spread": 2.0, "coarse": 30.0}.get(style, rng.choice([10.0, 50.0, 100.0, 1234.5]))
    move = {"spread": 1.5, "coarse": 2.0, "quiet": 0.02}.get(style, base * 0.012)
    drift = rng.choice([-0.4, 0.4]) * move if style == "trend" else 0.0
    close, bars = base, []

    def snap(x: float) -> float:
        return (round(x, digits) if style == "raw" else round(round(x / tick) * tick, 6)) + 0.0

    still = 0
    for _ in range(count):
        if still:
            still -= 1
            bars.append((close, close, close, close))
            continue
        if style == "flat" and rng.random() < 0.15:
            still = rng.randint(1, 6)
        gap = noise(rng, 0.0, move * (2.0 if style == "gaps" else 0.2))
        opened = snap(close + gap)
        if style == "limit" and rng.random() < 0.2:
            opened = snap(close * rng.choice([0.9, 1.1]))
            high = low = new = opened
        else:
            new = snap(opened + noise(rng, drift, move))
            high = snap(max(opened, new) + abs(noise(rng, 0.0, move / 2)))
            low = snap(min(opened, new) - abs(noise(rng, 0.0, move / 2)))
        if style != "spread" and low <= tick:  # only spreads go to zero and below
            opened = high = low = new = snap(base)
        if new == 0.0:
            new = tick
            high = max(high, new)
        bars.append((opened, max(high, opened, new), min(low, opened, new), new))
        close = new
    return bars


def rows(
    rng: Random,
    count: int,
    timeframe: str = "Days",
    compression: int = 1,
    style: str | None = None,
    start: datetime | None = None,
) -> tuple[list[JsonRow], float]:
    """Give *count* random bars as a spec holds them, and their price step."""
    style = style or rng.choice(STYLES)
    begin = start or datetime(2019, rng.randint(1, 12), rng.randint(1, 28))
    if timeframe == "Minutes":
        begin = begin.replace(hour=9, minute=30)
    stamps = times(rng, count, timeframe, compression, begin, rng.choice([0.0, 0.0, 0.1, 0.4]))
    silent = rng.choice([0.0, 0.0, 0.3])
    found: list[JsonRow] = []
    for stamp, bar in zip(stamps, prices(rng, count, style)):
        volume = 0.0 if rng.random() < silent else float(rng.choice([1, 3, 10, 100, rng.randint(1, 5000)]))
        found.append([stamp.isoformat(), *bar, volume, float(rng.randint(0, 5))])
    return found, tick_of(style)
