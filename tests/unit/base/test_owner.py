"""Who owns what is being built: the innermost object under construction of this thread or task."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from backtrail.base.declare import ParamsBase
from backtrail.base.owner import building, find_owner, inside


class Parent(ParamsBase):
    def __init__(self, build: Any) -> None:
        self.made = build()


class Child(ParamsBase):
    def __init__(self) -> None:
        self.owner = find_owner(ParamsBase, skip=self)


def test_nobody_owns_what_is_built_at_the_top() -> None:
    assert Child().owner is None
    assert building() == ()


def test_the_object_under_construction_owns_what_is_built_in_it() -> None:
    parent = Parent(Child)
    assert parent.made.owner is parent


def test_factories_lambdas_and_nested_functions_do_not_hide_the_owner() -> None:
    def factory() -> Child:
        def deeper() -> Child:
            return Child()

        return next(iter([deeper() for _ in range(1)]))

    for build in (factory, lambda: Child(), lambda: (lambda: factory())(), lambda: {"k": Child()}["k"]):
        parent = Parent(build)
        assert parent.made.owner is parent


def test_the_innermost_of_nested_objects_is_the_owner() -> None:
    outer = Parent(lambda: Parent(Child))
    assert outer.made.made.owner is outer.made


def test_only_objects_of_the_wanted_class_count() -> None:
    class Other(ParamsBase):
        def __init__(self) -> None:
            self.found = find_owner(Parent)
            self.either = find_owner((Parent, int), skip=self)

    parent = Parent(Other)
    assert parent.made.found is parent.made.either is parent


def test_a_failed_init_leaves_nothing_behind() -> None:
    class Failing(ParamsBase):
        def __init__(self) -> None:
            raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            Parent(Failing)
    assert building() == ()
    assert Child().owner is None


def test_a_finished_object_can_be_made_the_owner_for_a_while() -> None:
    parent = Parent(lambda: None)
    with inside(parent):
        assert Child().owner is parent
    assert Child().owner is None


def test_threads_do_not_see_each_others_objects() -> None:
    found: list[Any] = []
    ready, go = threading.Event(), threading.Event()

    def build_slowly() -> Child:
        ready.set()
        go.wait(5)
        return Child()

    def other_thread() -> None:
        ready.wait(5)
        found.append(Child().owner)
        go.set()

    other = threading.Thread(target=other_thread)
    other.start()
    parent = Parent(build_slowly)
    other.join(5)
    assert found == [None]
    assert parent.made.owner is parent


def test_asyncio_tasks_do_not_see_each_others_objects() -> None:
    async def build(parent: Parent, pause: float) -> Any:
        with inside(parent):
            await asyncio.sleep(pause)
            return Child().owner

    async def both() -> list[Any]:
        return await asyncio.gather(build(first, 0.02), build(second, 0.01))

    first, second = Parent(lambda: None), Parent(lambda: None)
    assert asyncio.run(both()) == [first, second]
