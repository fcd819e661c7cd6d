"""Which module holds which indicator: the names of each family, aliases included."""

from __future__ import annotations

#: Names by module of this package.
FAMILIES: dict[str, str] = {
    "windows": """
        PeriodN OperationN BaseApplyN ApplyN Highest Lowest ReduceN SumN AnyN AllN FindFirstIndex
        FindFirstIndexHighest FindFirstIndexLowest FindLastIndex FindLastIndexHighest FindLastIndexLowest
        Accum Average ExponentialSmoothing ExponentialSmoothingDynamic WeightedAverage PercentRank MaxN MinN
        CumSum CumulativeSum ArithmeticMean Mean ExpSmoothing ExpSmoothingDynamic AverageWeighted PctRank
    """,
    "averages": """
        MovingAverage MovAv MovingAverageBase MovingAverageSimple ExponentialMovingAverage
        SmoothedMovingAverage WeightedMovingAverage DoubleExponentialMovingAverage
        TripleExponentialMovingAverage HullMovingAverage AdaptiveMovingAverage
        ZeroLagExponentialMovingAverage ZeroLagIndicator DicksonMovingAverage SMA SimpleMovingAverage EMA
        MovingAverageExponential SMMA WilderMA MovingAverageSmoothed MovingAverageWilder
        ModifiedMovingAverage WMA MovingAverageWeighted DEMA MovingAverageDoubleExponential TEMA
        MovingAverageTripleExponential HMA HullMA KAMA MovingAverageAdaptive ZLEMA ZeroLagEma ZLIndicator
        ZLInd EC ErrorCorrecting DMA DicksonMA
    """,
    "envelopes": """
        EnvelopeMixIn Envelope OscillatorMixIn Oscillator
    """,
    "volatility": """
        TrueHigh TrueLow TrueRange AverageTrueRange StandardDeviation MeanDeviation BollingerBands
        BollingerBandsPct TR ATR StdDev MeanDev BBands
    """,
    "directional": """
        UpMove DownMove DirectionalIndicator PlusDirectionalIndicator MinusDirectionalIndicator
        AverageDirectionalMovementIndex AverageDirectionalMovementIndexRating DirectionalMovementIndex
        DirectionalMovement DI PlusDI MinusDI ADX ADXR DMI DM
    """,
    "strength": """
        UpDay DownDay UpDayBool DownDayBool RelativeStrengthIndex RSI_Safe RSI_SMA RSI_EMA
        RelativeMomentumIndex RSI RSI_SMMA RSI_Wilder RSI_Cutler RMI
    """,
    "momentum": """
        Momentum MomentumOscillator RateOfChange RateOfChange100 PercentChange CommodityChannelIndex
        DetrendedPriceOscillator PrettyGoodOscillator Trix TrixSignal TrueStrengthIndicator KnowSureThing
        MomentumOsc ROC ROC100 PctChange CCI DPO PGO PrettyGoodOsc TRIX TSI KST
    """,
    "oscillators": """
        MACD MACDHisto PriceOscillator PercentagePriceOscillator PercentagePriceOscillatorShort
        StochasticFast Stochastic StochasticFull WilliamsR UltimateOscillator AwesomeOscillator
        AccelerationDecelerationOscillator DV2 LaguerreRSI LaguerreFilter MACDHistogram PriceOsc
        AbsolutePriceOscillator APO AbsPriceOsc PPO PercPriceOsc PPOShort PercPriceOscShort StochasticSlow
        AwesomeOsc AO AccDeOsc LRSI LAGF
    """,
    "crossings": """
        NonZeroDifference CrossUp CrossDown CrossOver NZD
    """,
    "trend": """
        AroonUp AroonDown AroonUpDown AroonOscillator AroonUpDownOscillator Ichimoku ParabolicSAR Vortex
        HeikinAshi haDelta WilliamsAD AroonIndicator AroonOsc AroonUpDownOsc PSAR haD
    """,
    "pivots": """
        PivotPoint FibonacciPivotPoint DemarkPivotPoint
    """,
    "regression": """
        OLS_Slope_InterceptN OLS_BetaN OLS_TransformationN CointN HurstExponent Hurst
    """,
    "fractal": """
        Fractal
    """,
    "volume": """
        VolumeWeightedAveragePrice AnchoredVWAP OnBalanceVolume MoneyFlowIndex ChaikinMoneyFlow VWAP OBV MFI CMF
    """,
    "channels": """
        DonchianChannel KeltnerChannel HullBands Supertrend ChoppinessIndex DonchianChannels KeltnerChannels HMABands
        CHOP
    """,
    "moments": """
        ZScore RollingBeta RollingCorrelation
    """,
}

#: Functions of lines, which backtrader shows under its indicators too, by the module that holds them.
FUNCTIONS = "All And Cmp CmpEx DivByZero DivZeroByZero If List Logic Max Min MultiLogic MultiLogicReduce Or Reduce Sum"
