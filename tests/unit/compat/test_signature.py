"""The signature of Cerebro, for readers and type checkers, says what its parameters are."""

from __future__ import annotations

import inspect

import backtrail as bt


def test_the_signature_of_cerebro_lists_its_parameters_with_their_defaults() -> None:
    signature = inspect.signature(bt.Cerebro.__init__)
    listed = {name: p.default for name, p in signature.parameters.items() if name != "self"}
    assert listed == dict(bt.Cerebro.params._getpairs())
