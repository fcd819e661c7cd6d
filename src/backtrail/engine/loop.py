"""The bar cycle: what happens, in which order, on each bar.

Per cycle: clocks advance → cheat timers → ``next_open`` → broker → its notifications reach the strategies →
timers → for each strategy: indicators (when computed bar by bar), order and trade notifications, cash and
value, ``prenext`` / ``nextstart`` / ``next``, analyzers, observers → writers.
"""

from __future__ import annotations

import warnings
from array import array
from bisect import bisect_left
from operator import itemgetter
from typing import Any

import numpy as np

from ..base.replaced import is_ours, methods_of, replaced
from ..broker.protocol import BrokerBase
from ..errors import DataWarning
from ..lines.clock import Clock
from ..lines.expr import LineActions
from ..lines.memory import Memory
from ..lines.place import Placed, place_on
from .behind import Behind
from .messages import Messages
from .waiting import wait_for_feeds

_NEVER = 2**31 - 1
_HANDING_OUT = methods_of(BrokerBase, ("get_notification",))


def where(run: Any) -> str:
    """Tell where a run is: the bar of the feed that is furthest in time."""
    started = [data for data in run.datas if data._c_.i >= 0]
    data = max(started, key=lambda one: one.lines.datetime._a_[one._c_.i], default=run.datas[0])
    return f"running {place_on(data)}"


def stepping(run: Any) -> Placed:
    """Add bar, time and feed to an exception that leaves user code."""
    return Placed(lambda: where(run))


# -- before the first bar ---------------------------------------------------------------------------------------------


def prepare(run: Any, strat: Any) -> None:
    """Put the strategy on its clock and find its warm-up."""
    strat._periodset()
    timeline = run.timeline
    if timeline is not None and len(timeline.groups) > 1:
        wait_for_feeds(strat)
    clock = Clock(timeline.cycles if timeline is not None else 0)
    strat._c_ = clock
    for line in strat.lines:
        line._set_clock(clock)
        line._policy = run.policy
        if timeline is not None:
            line._allocate(timeline.cycles)
    if timeline is not None:
        strat.lines.datetime._store(timeline.datetime)
    for observer in strat._observers_flat_():
        observer._on_clock_(clock)
    strat._minperstatus = _NEVER
    strat._dlens = [0] * len(strat.datas)


def start(run: Any, strat: Any) -> None:
    """Start analyzers, observers and the strategy itself."""
    every = (*strat.analyzers, *strat._slave_analyzers)
    for analyzer in every:
        analyzer._start()
    for observer in strat._observers_flat_():
        observer._start()
    for data in run.datas:
        data._go_live_(True)
    strat._go_live_(True)
    listen(strat)
    strat.start()
    listen(strat)  # it may have put methods in place, of its own and of others


def listen(strat: Any) -> None:
    """Find out who hears of what, as classes and objects are at this moment."""
    strat._find_size_()
    strat._listen_()


def listen_again(run: Any, strat: Any) -> None:
    """Find out again in the course of a run: *strat*, or an analyzer or observer of it, was given a method."""
    of_orders, of_trades = strat._wants_orders_, strat._wants_trades_
    listen(strat)
    if strat._wants_orders_ and not of_orders and hasattr(run.broker, "tell_untold"):
        recall(run, strat, of_trades)
        run.broker.tell_untold(strat)
    run.changed = True


def recall(run: Any, strat: Any, of_trades: bool) -> None:
    """Give observers what they would have found of the present cycle if orders had been wanted before.

    *of_trades* tells whether trades were.
    """
    cycle = run.clock.i
    if not strat._bar_observers_ or cycle < 0:
        return
    notices = run.broker.journal.notices
    first = bisect_left(notices, cycle, key=itemgetter(0))
    strat._orderspending += [notice[1].clone() for notice in notices[first:] if strat._owns_(notice[1])]
    if not of_trades:
        strat._tradespending += [trade for at, trade in strat._closed_ if at == cycle]


def fill(run: Any) -> None:
    """Compute every indicator over all bars."""
    for strat in run.strats:
        with stepping(run):
            strat._fill_children_(run.timeline.cycles)


# -- after the last bar -----------------------------------------------------------------------------------------------


def stop(run: Any, strat: Any) -> None:
    """Stop the strategy, its observers and analyzers."""
    with Placed(lambda: f"stopping {type(strat).__name__} {place_on(run.datas[0])}"):
        strat.stop()
        for analyzer in (*strat.analyzers, *strat._slave_analyzers):
            analyzer._stop()
    for observer in strat._observers_flat_():
        observer._complete_()


def _kind(indicator: Any) -> str:
    return "an expression of lines" if isinstance(indicator, LineActions) else type(indicator).__name__


def warn_short(run: Any, strat: Any) -> None:
    """Warn of feeds that have fewer bars than a warm-up needs."""
    for data, needed in zip(strat.datas, strat._minperiods, strict=True):
        bars = data._c_.size or len(data)
        if not 0 < bars < needed:
            continue
        short = [c for c in strat.getindicators() if c._root_ is data and c._minperiod > bars]
        needs = {_kind(c): f"{_kind(c)} needs {c._minperiod}" for c in short}
        text = ", ".join(needs.values())
        warnings.warn(
            f"Feed {data._name or 'data'!r} has {bars} bars; {text} before the first value: next() of "
            f"{type(strat).__name__} is never called. Use a shorter period or more data.",
            DataWarning,
            stacklevel=2,
        )


# -- preloaded bars ---------------------------------------------------------------------------------------------------


def statuses(run: Any, strat: Any) -> tuple[int, int]:
    """Give the cycle of the first ``nextstart`` and that of the first ``next`` after it."""
    cycles = run.timeline.cycles
    first = after = 0
    for data, needed in zip(strat.datas, strat._minperiods, strict=True):
        bars = data._c_.bars_at
        if bars is None:
            first, after = max(first, needed - 1), max(after, needed)
        else:
            first = max(first, int(np.searchsorted(bars, needed - 1)))
            after = max(after, int(np.searchsorted(bars, needed)))
    return min(first, cycles), min(after, cycles)


def run_timeline(run: Any) -> None:
    """Step through preloaded bars."""
    for strat in run.strats:
        warn_short(run, strat)
    vectorised = run.mode == "vectorised"
    if vectorised:
        fill(run)
    strats = run.strats
    plan = [(strat, *statuses(run, strat)) for strat in strats]
    s = run.settings
    run.behind = looking_early(run)
    busy = (
        not vectorised or s.cheat_on_open or run.writers or run.behind is not None or len(strats) > 1
        or any(strat._extras_ for strat in strats) or s.exactbars >= 1 or run.stop_requested or _talk(run)
        or run.hands_out
    )  # fmt: skip
    run.broker.lazy_value = run.rests_between_bars()
    run.changed = False
    with stepping(run):
        if busy:
            _run_full(run, plan)
        else:
            done = _run_plain(run, *plan[0])
            if done < run.timeline.cycles and not run.stop_requested:
                _run_full(run, plan, done)


def _talk(run: Any) -> bool:
    """Tell whether stores or feeds may have messages that are heard: not in backtrader's vectorised mode."""
    by_bar = run.mode != "vectorised" or run.spec.event_mode
    return by_bar and bool(run.spec.stores or any(data.notifs for data in run.datas))


def _movers(run: Any) -> list[tuple[Clock, list[int]]]:
    """Give the clocks that do not tick in every cycle, with their bar index per cycle."""
    seen: dict[int, tuple[Clock, list[int]]] = {}
    for data in run.datas:
        clock = data._c_
        if clock is not run.clock and id(clock) not in seen:
            bars = clock.bars_at
            seen[id(clock)] = (clock, list(range(run.timeline.cycles)) if bars is None else bars.tolist())
    return list(seen.values())


def _run_plain(run: Any, strat: Any, first: int, after: int) -> int:
    """Step one strategy that asks for nothing but its bars: the fast loop. Give the number of cycles that are done.

    It ends early when the run is stopped, or when somebody begins to ask for more.
    """
    clock, broker, cycles = run.clock, run.broker, run.timeline.cycles
    _put_on_clock(strat, clock)
    movers = _movers(run)
    last = cycles - 1 if run.timeline.flushed else cycles
    stretches = [
        (begin, end, status)
        for start, stop, status in ((0, first, 1), (first, after, 0), (after, cycles, -1))
        for begin, end in ((start, min(stop, last)), (max(start, last), stop))
        if begin < end
    ]
    for begin, end, status in stretches:
        if begin == last:
            run.keep_ticks()
        for k in range(begin, end):
            clock.i = k
            if movers:
                for mover, bars in movers:
                    mover.i = bars[k]
                if k == cycles - 1:
                    renew(run, strat)
            if broker.active:
                broker.next()
                if broker.notifs:
                    broker_notify(run)
                    deliver(run, strat)
                    if strat._tells_cash_:
                        tell_cash(strat)
            # by name on each bar: a strategy may go over to another function
            if status < 0:
                strat.next()
            elif status == 0:
                strat.nextstart()
            else:
                strat.prenext()
            if run.changed:
                if run.stop_requested:
                    return k + 1
                if strat._extras_:
                    step_extras(strat, status)
                    strat.clear()
                    return k + 1
                strat.clear()
                run.changed = False
    return cycles  # type: ignore[no-any-return]  # an int


def _put_on_clock(strat: Any, clock: Clock) -> None:
    """Let the strategy's lines run on *clock*."""
    strat._c_ = clock
    for line in strat.lines:
        line._set_clock(clock)


def _step_analyzer(analyzer: Any, status: int) -> None:
    """Call the hook of *analyzer* for the strategy's status."""
    if status < 0:
        analyzer._next()
    elif status == 0:
        analyzer._nextstart()
    else:
        analyzer._prenext()


def _run_full(run: Any, plan: list[tuple[Any, int, int]], begin: int = 0) -> None:
    """Step any number of strategies with everything they ask for, from the cycle *begin* on."""
    clock, cycles = run.clock, run.timeline.cycles
    movers = _movers(run)
    times = run.timeline.datetime.tolist()
    last = cycles - 1 if run.timeline.flushed else cycles
    stepped = run.mode != "vectorised"
    messages = Messages(run) if _talk(run) else None
    if stepped and run.stop_requested:
        return
    for k in range(begin, cycles):
        if messages is not None and not messages.deliver():
            return
        clock.i = k
        for mover, bars in movers:
            mover.i = bars[k]
        if k == last:
            run.keep_ticks()
            times[k] = times[k - 1] if k else 0.0  # timers do not see the time of a bar that is left over
        if not open_cycle(run, times[k]):
            return
        for strat, first, after in plan:
            strat._c_.i = k
            if stepped:
                step_indicators(strat)
            elif k == cycles - 1:
                renew(run, strat)
            status = 1 if k < first else (0 if k < after else -1)
            step_strategy(run, strat, status)
            if run.stop_requested:
                return
        if run.writers:
            run.next_writers(None)
    if messages is not None and messages.deliver():
        messages.finish()


# -- bars delivered one by one ----------------------------------------------------------------------------------------


def run_delivered(run: Any) -> None:
    """Step through bars as the feeds deliver them."""
    delivery = run.delivery
    run.broker.lazy_value = False
    run.behind = looking_early(run)
    if run.settings.exactbars < 1:
        run.noted = array("d")
    memory = Memory((*run.datas, *run.strats)) if run.settings.exactbars >= 1 else None
    with stepping(run):
        while not run.stop_requested:
            moment = delivery.deliver()
            if moment is False:
                break
            if moment is None:
                work(run)
                broker_notify(run)  # strategies hear of it with the next bar
                continue
            _delivered_cycle(run, moment)
            if memory is not None:
                memory.forget()
        if run.stop_requested:
            return
        delivery.messages.finish()
    for data in run.datas:
        data._check_loaded_()
    for strat in run.strats:
        warn_short(run, strat)


def _delivered_cycle(run: Any, moment: float) -> None:
    """Run one cycle on the bars just delivered."""
    moved = []
    for strat in run.strats:
        lens = [len(d) for d in strat.datas]
        moved.append(any(new > old for new, old in zip(lens, strat._dlens, strict=True)))
        strat._dlens = lens
    run.clock.i += 1
    if not open_cycle(run, moment):
        return
    for strat, grew in zip(run.strats, moved, strict=True):
        c = strat._c_
        if grew:
            c.i += 1
            for line in strat.lines:
                line._reserve(c.i + 1)
        stamp = max((d.lines.datetime[0] for d in strat.datas if len(d)), default=moment)
        strat.lines.datetime._a_[c.i] = stamp
        step_indicators(strat)
        status = max(n - len(d) for n, d in zip(strat._minperiods, strat.datas, strict=True))
        step_strategy(run, strat, status)
        if run.stop_requested:
            note_account(run)
            return
    note_account(run)
    if run.writers:
        run.next_writers(None)


def note_account(run: Any) -> None:
    """Keep time, cash and value of a cycle whose bars were delivered."""
    if run.noted is not None:
        broker, times = run.broker, run.strats[0].lines.datetime
        row = (times._a_[times._c_.i], broker.getcash(), broker.getvalue(), broker.fundvalue)
        run.noted.extend(row)


def step_indicators(strat: Any) -> None:
    """Compute the strategy's indicators for the current bar."""
    i = strat._c_.i
    loose, steps = strat._steps_()
    for child, links in ((None, loose), *steps):
        if child is not None and child._ltype == child.IndType:
            child._step_()
        for target, source in links:
            at = source._c_.i
            target._a_[i] = source._a_[at] if at >= 0 else float("nan")


def renew(run: Any, strat: Any) -> None:
    """Compute again what may have changed in the last cycle under a bar that was current in the one before."""
    for one, children in run.renewed:
        for child in children if one is strat else ():
            child._step_()


# -- parts of a cycle -------------------------------------------------------------------------------------------------


def looking_early(run: Any) -> Behind | None:
    """Give what keeps indicators behind while code runs that comes before the strategies; None without such code."""
    s = run.settings
    early = s.quicknotify or (s.cheat_on_open and not s.oldsync) or run.timers or run.cheat_timers
    return Behind(run.strats) if early or _of_the_user(run.broker) else None


def _of_the_user(broker: Any) -> bool:
    """Tell whether the broker runs code that may look at strategies: a class or a filler of the user's own."""
    filler = getattr(broker.p, "filler", None) if hasattr(broker, "p") else None
    named = filler if filler is None or hasattr(filler, "__qualname__") else type(filler)
    return not is_ours(type(broker)) or not (named is None or is_ours(named))


def open_cycle(run: Any, moment: float) -> bool:
    """Run what comes before the strategies; tell whether the run goes on."""
    goes_on = _before_strategies(run, moment)
    if run.behind is not None:
        if goes_on:
            run.behind.note()
        else:
            run.behind.stay()
    return goes_on


def _before_strategies(run: Any, moment: float) -> bool:
    broker = run.broker
    if run.cheat_timers:
        check_timers(run, run.cheat_timers, moment)
    if run.settings.cheat_on_open and not run.settings.oldsync:
        for strat in run.strats:
            with run.behind:
                _open(strat)
            if run.stop_requested:
                return False
    if broker.active or not broker.lazy_value:
        work(run)
    if broker.notifs:
        broker_notify(run)
    if run.stop_requested:
        return False
    if run.timers:
        check_timers(run, run.timers, moment)
    return True


def _open(strat: Any) -> None:
    """Call the hook of *strat* for the open of a bar, by the status of the bar before."""
    status = strat._minperstatus
    if status > 0:
        strat.prenext_open()
    elif status == 0:
        strat.nextstart_open()
    else:
        strat.next_open()


def meet_broker(run: Any) -> bool:
    """Find out how the broker works; tell whether it says in a way of its own what the account is worth."""
    broker = run.broker
    run.hands_out = hasattr(broker, "get_notification") and bool(replaced(broker, _HANDING_OUT))
    if hasattr(broker, "find_ways"):
        broker.find_ways()
    return bool(getattr(broker, "own_reports", False))


def work(run: Any) -> None:
    """Let the broker work on the bar; one that hands its notifications out itself is asked for them then."""
    if run.behind is None:
        run.broker.next()
    else:
        with run.behind:
            run.broker.next()
    if run.hands_out:
        broker_notify(run)


def broker_notify(run: Any) -> None:
    """Hand the broker's notifications to the strategies that own the orders; the first one has those of nobody."""
    if run.settings.quicknotify:
        with run.behind:
            _hand_out(run, True)
    else:
        _hand_out(run, False)


def _hand_out(run: Any, quick: bool) -> None:
    """Hand the notifications out; *quick*: the hooks are called at once."""
    hands_out, notifs = run.hands_out, run.broker.notifs
    take = run.broker.get_notification if hands_out else notifs.popleft
    nobody = run.strats[0]
    while hands_out or notifs:
        order = take()
        if order is not None:
            owner = order.owner
            (nobody if owner is None else owner)._addnotification(order, quick)
        elif hands_out:
            break


def deliver(run: Any, strat: Any) -> None:
    """Call the hooks for the orders and trades that were notified, then forget them unless somebody began to ask."""
    if strat._orderspending or strat._tradespending:
        strat._notify(strat._orderspending, strat._tradespending)
        if not run.changed:
            strat.clear()


def step_strategy(run: Any, strat: Any, status: int) -> None:
    """Run one strategy on the current bar: prenext (status > 0), nextstart (0) or next (< 0)."""
    strat._minperstatus = status
    if (strat._orderspending or strat._tradespending) and not run.settings.quicknotify:
        strat._notify(strat._orderspending, strat._tradespending)
    if strat._tells_cash_:
        tell_cash(strat)
    if status < 0:
        strat.next()
    elif status == 0:
        strat.nextstart()
    else:
        strat.prenext()
    if strat._extras_:
        step_extras(strat, status)
    if strat._orderspending or strat._tradespending:
        strat.clear()


def step_extras(strat: Any, status: int) -> None:
    """Run the analyzers and observers that are stepped on each bar, after their strategy."""
    for analyzer in strat._bar_analyzers_:
        _step_analyzer(analyzer, status)
    for observer in strat._bar_observers_:
        observer._bar_(status)


def tell_cash(strat: Any) -> None:
    """Call the hooks for cash, value and fund."""
    broker = strat.broker
    cash, value = broker.getcash(), broker.getvalue()
    fundvalue, shares = broker.fundvalue, broker.fundshares
    strat.notify_cashvalue(cash, value)
    strat.notify_fund(cash, value, fundvalue, shares)
    for analyzer in strat._cash_analyzers_:
        analyzer._notify_cashvalue(cash, value)
        analyzer._notify_fund(cash, value, fundvalue, shares)


def check_timers(run: Any, timers: list[Any], moment: float) -> None:
    """Call ``notify_timer`` for the timers that are due at *moment*; 0 is before all times."""
    for timer in timers if moment else ():
        if not timer.check(moment):
            continue
        with run.behind:
            timer.p.owner.notify_timer(timer, timer.lastwhen, *timer.args, **timer.kwargs)
            if timer.p.strats:
                for strat in run.strats:
                    strat.notify_timer(timer, timer.lastwhen, *timer.args, **timer.kwargs)
