"""Incidents: what is wrong, grouped by its widest common cause, and who is told when.

Observations become members of incidents (`grouping`, `opening`); incidents become
notices, channel by channel (`telling`). All of it is decisions over values: the same
book, observations and moment always give the same notices.
"""
