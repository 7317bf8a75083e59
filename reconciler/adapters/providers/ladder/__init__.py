"""The rungs of a test, and what stands around each of them.

`climbing` runs them in order, `patience` is the time they may take together, `rates`
whose turn it is, `reach` the rungs of the first request, `budget` what a key may do;
`candles` and `calendars` judge what was read.
"""
