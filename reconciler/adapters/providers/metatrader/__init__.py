"""What every way to a MetaTrader account shares: hours, zones, rights, spellings.

A broker's server is silent at the weekend, and a bridge then says that its service
is not available: off-hours that is a closed market, on a weekday it is a failure.
"""
