"""Technical indicators.

Every indicator is loaded, with its family, when it is first used. Where classes have a short name too (``SMA`` of
``MovingAverageSimple``), the short name is a subclass: a plot shows the name that was used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from ..base.legacy import answer as _answer
from .base import Indicator as Indicator
from .families import FAMILIES as _FAMILIES
from .families import FUNCTIONS as _FUNCTIONS

if TYPE_CHECKING:
    from .averages import (
        AdaptiveMovingAverage as AdaptiveMovingAverage,
    )
    from .averages import (
        DicksonMovingAverage as DicksonMovingAverage,
    )
    from .averages import (
        DoubleExponentialMovingAverage as DoubleExponentialMovingAverage,
    )
    from .averages import (
        ExponentialMovingAverage as ExponentialMovingAverage,
    )
    from .averages import (
        HullMovingAverage as HullMovingAverage,
    )
    from .averages import (
        MovAv as MovAv,
    )
    from .averages import (
        MovingAverage as MovingAverage,
    )
    from .averages import (
        MovingAverageBase as MovingAverageBase,
    )
    from .averages import (
        MovingAverageSimple as MovingAverageSimple,
    )
    from .averages import (
        SmoothedMovingAverage as SmoothedMovingAverage,
    )
    from .averages import (
        TripleExponentialMovingAverage as TripleExponentialMovingAverage,
    )
    from .averages import (
        WeightedMovingAverage as WeightedMovingAverage,
    )
    from .averages import (
        ZeroLagExponentialMovingAverage as ZeroLagExponentialMovingAverage,
    )
    from .averages import (
        ZeroLagIndicator as ZeroLagIndicator,
    )
    from .channels import (
        ChoppinessIndex as ChoppinessIndex,
    )
    from .channels import (
        DonchianChannel as DonchianChannel,
    )
    from .channels import (
        HullBands as HullBands,
    )
    from .channels import (
        KeltnerChannel as KeltnerChannel,
    )
    from .channels import (
        Supertrend as Supertrend,
    )
    from .crossings import (
        CrossDown as CrossDown,
    )
    from .crossings import (
        CrossOver as CrossOver,
    )
    from .crossings import (
        CrossUp as CrossUp,
    )
    from .crossings import (
        NonZeroDifference as NonZeroDifference,
    )
    from .directional import (
        AverageDirectionalMovementIndex as AverageDirectionalMovementIndex,
    )
    from .directional import (
        AverageDirectionalMovementIndexRating as AverageDirectionalMovementIndexRating,
    )
    from .directional import (
        DirectionalIndicator as DirectionalIndicator,
    )
    from .directional import (
        DirectionalMovement as DirectionalMovement,
    )
    from .directional import (
        DirectionalMovementIndex as DirectionalMovementIndex,
    )
    from .directional import (
        DownMove as DownMove,
    )
    from .directional import (
        MinusDirectionalIndicator as MinusDirectionalIndicator,
    )
    from .directional import (
        PlusDirectionalIndicator as PlusDirectionalIndicator,
    )
    from .directional import (
        UpMove as UpMove,
    )
    from .envelopes import (
        Envelope as Envelope,
    )
    from .envelopes import (
        EnvelopeMixIn as EnvelopeMixIn,
    )
    from .envelopes import (
        Oscillator as Oscillator,
    )
    from .envelopes import (
        OscillatorMixIn as OscillatorMixIn,
    )
    from .fractal import (
        Fractal as Fractal,
    )
    from .moments import (
        RollingBeta as RollingBeta,
    )
    from .moments import (
        RollingCorrelation as RollingCorrelation,
    )
    from .moments import (
        ZScore as ZScore,
    )
    from .momentum import (
        CommodityChannelIndex as CommodityChannelIndex,
    )
    from .momentum import (
        DetrendedPriceOscillator as DetrendedPriceOscillator,
    )
    from .momentum import (
        KnowSureThing as KnowSureThing,
    )
    from .momentum import (
        Momentum as Momentum,
    )
    from .momentum import (
        MomentumOscillator as MomentumOscillator,
    )
    from .momentum import (
        PercentChange as PercentChange,
    )
    from .momentum import (
        PrettyGoodOscillator as PrettyGoodOscillator,
    )
    from .momentum import (
        RateOfChange as RateOfChange,
    )
    from .momentum import (
        RateOfChange100 as RateOfChange100,
    )
    from .momentum import (
        Trix as Trix,
    )
    from .momentum import (
        TrixSignal as TrixSignal,
    )
    from .momentum import (
        TrueStrengthIndicator as TrueStrengthIndicator,
    )
    from .oscillators import (
        DV2 as DV2,
    )
    from .oscillators import (
        MACD as MACD,
    )
    from .oscillators import (
        AccelerationDecelerationOscillator as AccelerationDecelerationOscillator,
    )
    from .oscillators import (
        AwesomeOscillator as AwesomeOscillator,
    )
    from .oscillators import (
        LaguerreFilter as LaguerreFilter,
    )
    from .oscillators import (
        LaguerreRSI as LaguerreRSI,
    )
    from .oscillators import (
        MACDHisto as MACDHisto,
    )
    from .oscillators import (
        PercentagePriceOscillator as PercentagePriceOscillator,
    )
    from .oscillators import (
        PercentagePriceOscillatorShort as PercentagePriceOscillatorShort,
    )
    from .oscillators import (
        PriceOscillator as PriceOscillator,
    )
    from .oscillators import (
        Stochastic as Stochastic,
    )
    from .oscillators import (
        StochasticFast as StochasticFast,
    )
    from .oscillators import (
        StochasticFull as StochasticFull,
    )
    from .oscillators import (
        UltimateOscillator as UltimateOscillator,
    )
    from .oscillators import (
        WilliamsR as WilliamsR,
    )
    from .pivots import (
        DemarkPivotPoint as DemarkPivotPoint,
    )
    from .pivots import (
        FibonacciPivotPoint as FibonacciPivotPoint,
    )
    from .pivots import (
        PivotPoint as PivotPoint,
    )
    from .regression import (
        CointN as CointN,
    )
    from .regression import (
        HurstExponent as HurstExponent,
    )
    from .regression import (
        OLS_BetaN as OLS_BetaN,
    )
    from .regression import (
        OLS_Slope_InterceptN as OLS_Slope_InterceptN,
    )
    from .regression import (
        OLS_TransformationN as OLS_TransformationN,
    )
    from .strength import (
        RSI_EMA as RSI_EMA,
    )
    from .strength import (
        RSI_SMA as RSI_SMA,
    )
    from .strength import (
        DownDay as DownDay,
    )
    from .strength import (
        DownDayBool as DownDayBool,
    )
    from .strength import (
        RelativeMomentumIndex as RelativeMomentumIndex,
    )
    from .strength import (
        RelativeStrengthIndex as RelativeStrengthIndex,
    )
    from .strength import (
        RSI_Safe as RSI_Safe,
    )
    from .strength import (
        UpDay as UpDay,
    )
    from .strength import (
        UpDayBool as UpDayBool,
    )
    from .trend import (
        AroonDown as AroonDown,
    )
    from .trend import (
        AroonOscillator as AroonOscillator,
    )
    from .trend import (
        AroonUp as AroonUp,
    )
    from .trend import (
        AroonUpDown as AroonUpDown,
    )
    from .trend import (
        AroonUpDownOscillator as AroonUpDownOscillator,
    )
    from .trend import (
        HeikinAshi as HeikinAshi,
    )
    from .trend import (
        Ichimoku as Ichimoku,
    )
    from .trend import (
        ParabolicSAR as ParabolicSAR,
    )
    from .trend import (
        Vortex as Vortex,
    )
    from .trend import (
        WilliamsAD as WilliamsAD,
    )
    from .trend import (
        haDelta as haDelta,
    )
    from .volatility import (
        AverageTrueRange as AverageTrueRange,
    )
    from .volatility import (
        BollingerBands as BollingerBands,
    )
    from .volatility import (
        BollingerBandsPct as BollingerBandsPct,
    )
    from .volatility import (
        MeanDeviation as MeanDeviation,
    )
    from .volatility import (
        StandardDeviation as StandardDeviation,
    )
    from .volatility import (
        TrueHigh as TrueHigh,
    )
    from .volatility import (
        TrueLow as TrueLow,
    )
    from .volatility import (
        TrueRange as TrueRange,
    )
    from .volume import (
        AnchoredVWAP as AnchoredVWAP,
    )
    from .volume import (
        ChaikinMoneyFlow as ChaikinMoneyFlow,
    )
    from .volume import (
        MoneyFlowIndex as MoneyFlowIndex,
    )
    from .volume import (
        OnBalanceVolume as OnBalanceVolume,
    )
    from .volume import (
        VolumeWeightedAveragePrice as VolumeWeightedAveragePrice,
    )
    from .windows import (
        Accum as Accum,
    )
    from .windows import (
        AllN as AllN,
    )
    from .windows import (
        AnyN as AnyN,
    )
    from .windows import (
        ApplyN as ApplyN,
    )
    from .windows import (
        Average as Average,
    )
    from .windows import (
        BaseApplyN as BaseApplyN,
    )
    from .windows import (
        ExponentialSmoothing as ExponentialSmoothing,
    )
    from .windows import (
        ExponentialSmoothingDynamic as ExponentialSmoothingDynamic,
    )
    from .windows import (
        FindFirstIndex as FindFirstIndex,
    )
    from .windows import (
        FindFirstIndexHighest as FindFirstIndexHighest,
    )
    from .windows import (
        FindFirstIndexLowest as FindFirstIndexLowest,
    )
    from .windows import (
        FindLastIndex as FindLastIndex,
    )
    from .windows import (
        FindLastIndexHighest as FindLastIndexHighest,
    )
    from .windows import (
        FindLastIndexLowest as FindLastIndexLowest,
    )
    from .windows import (
        Highest as Highest,
    )
    from .windows import (
        Lowest as Lowest,
    )
    from .windows import (
        OperationN as OperationN,
    )
    from .windows import (
        PercentRank as PercentRank,
    )
    from .windows import (
        PeriodN as PeriodN,
    )
    from .windows import (
        ReduceN as ReduceN,
    )
    from .windows import (
        SumN as SumN,
    )
    from .windows import (
        WeightedAverage as WeightedAverage,
    )

    MaxN = Highest
    MinN = Lowest
    CumSum = Accum
    CumulativeSum = Accum
    ArithmeticMean = Average
    Mean = Average
    ExpSmoothing = ExponentialSmoothing
    ExpSmoothingDynamic = ExponentialSmoothingDynamic
    AverageWeighted = WeightedAverage
    PctRank = PercentRank
    SMA = MovingAverageSimple
    SimpleMovingAverage = MovingAverageSimple
    EMA = ExponentialMovingAverage
    MovingAverageExponential = ExponentialMovingAverage
    SMMA = SmoothedMovingAverage
    WilderMA = SmoothedMovingAverage
    MovingAverageSmoothed = SmoothedMovingAverage
    MovingAverageWilder = SmoothedMovingAverage
    ModifiedMovingAverage = SmoothedMovingAverage
    WMA = WeightedMovingAverage
    MovingAverageWeighted = WeightedMovingAverage
    DEMA = DoubleExponentialMovingAverage
    MovingAverageDoubleExponential = DoubleExponentialMovingAverage
    TEMA = TripleExponentialMovingAverage
    MovingAverageTripleExponential = TripleExponentialMovingAverage
    HMA = HullMovingAverage
    HullMA = HullMovingAverage
    KAMA = AdaptiveMovingAverage
    MovingAverageAdaptive = AdaptiveMovingAverage
    ZLEMA = ZeroLagExponentialMovingAverage
    ZeroLagEma = ZeroLagExponentialMovingAverage
    ZLIndicator = ZeroLagIndicator
    ZLInd = ZeroLagIndicator
    EC = ZeroLagIndicator
    ErrorCorrecting = ZeroLagIndicator
    DMA = DicksonMovingAverage
    DicksonMA = DicksonMovingAverage
    TR = TrueRange
    ATR = AverageTrueRange
    StdDev = StandardDeviation
    MeanDev = MeanDeviation
    BBands = BollingerBands
    DI = DirectionalIndicator
    PlusDI = PlusDirectionalIndicator
    MinusDI = MinusDirectionalIndicator
    ADX = AverageDirectionalMovementIndex
    ADXR = AverageDirectionalMovementIndexRating
    DMI = DirectionalMovementIndex
    DM = DirectionalMovement
    RSI = RelativeStrengthIndex
    RSI_SMMA = RelativeStrengthIndex
    RSI_Wilder = RelativeStrengthIndex
    RSI_Cutler = RSI_SMA
    RMI = RelativeMomentumIndex
    MomentumOsc = MomentumOscillator
    ROC = RateOfChange
    ROC100 = RateOfChange100
    PctChange = PercentChange
    CCI = CommodityChannelIndex
    DPO = DetrendedPriceOscillator
    PGO = PrettyGoodOscillator
    PrettyGoodOsc = PrettyGoodOscillator
    TRIX = Trix
    TSI = TrueStrengthIndicator
    KST = KnowSureThing
    MACDHistogram = MACDHisto
    PriceOsc = PriceOscillator
    AbsolutePriceOscillator = PriceOscillator
    APO = PriceOscillator
    AbsPriceOsc = PriceOscillator
    PPO = PercentagePriceOscillator
    PercPriceOsc = PercentagePriceOscillator
    PPOShort = PercentagePriceOscillatorShort
    PercPriceOscShort = PercentagePriceOscillatorShort
    StochasticSlow = Stochastic
    AwesomeOsc = AwesomeOscillator
    AO = AwesomeOscillator
    AccDeOsc = AccelerationDecelerationOscillator
    LRSI = LaguerreRSI
    LAGF = LaguerreFilter
    NZD = NonZeroDifference
    AroonIndicator = AroonUpDown
    AroonOsc = AroonOscillator
    AroonUpDownOsc = AroonUpDownOscillator
    PSAR = ParabolicSAR
    haD = haDelta
    Hurst = HurstExponent
    VWAP = VolumeWeightedAveragePrice
    OBV = OnBalanceVolume
    MFI = MoneyFlowIndex
    CMF = ChaikinMoneyFlow
    DonchianChannels = DonchianChannel
    KeltnerChannels = KeltnerChannel
    HMABands = HullBands
    CHOP = ChoppinessIndex

_MODULES = {name: f"{__name__}.{family}" for family, names in _FAMILIES.items() for name in names.split()}
_AVERAGES = _FAMILIES["averages"].split()[3:]
_MODULES.update(
    (average + suffix, f"{__name__}.envelopes")
    for average in _AVERAGES
    for suffix in ("Envelope", "Oscillator", "Osc")
)
_MODULES.update((name, "backtrail.lines.functions") for name in _FUNCTIONS.split())

__all__ = [*(name for name, module in _MODULES.items() if module.startswith(__name__)), "Indicator"]


def __getattr__(name: str) -> _Any:
    if name == "Any":
        from ..lines.functions import Any

        return Any
    module = _MODULES.get(name)
    if module is None:
        return _answer(__name__, name)
    found = getattr(import_module(module), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
