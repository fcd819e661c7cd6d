"""Sizers: how much to trade when an order names no size."""

from ..base.legacy import answering
from .base import Sizer, SizerBase
from .contracts import MaxContractsSizer, RiskPerTradeSizer
from .fixedsize import FixedReverser, FixedSize, FixedSizeTarget, SizerFix
from .percents_sizer import AllInSizer, AllInSizerInt, PercentSizer, PercentSizerInt

__getattr__ = answering(__name__)

__all__ = [
    "AllInSizer",
    "AllInSizerInt",
    "FixedReverser",
    "FixedSize",
    "FixedSizeTarget",
    "MaxContractsSizer",
    "PercentSizer",
    "PercentSizerInt",
    "RiskPerTradeSizer",
    "Sizer",
    "SizerBase",
    "SizerFix",
]
