"""Technical indicators."""
from importlib import import_module as _im
for _m in 'windows averages envelopes volatility directional strength momentum oscillators crossings trend pivots'.split():
    for _n,_o in list(vars(_im('backtrail.indicators.'+_m)).items()):
        if isinstance(_o,type): globals()[_n]=_o
