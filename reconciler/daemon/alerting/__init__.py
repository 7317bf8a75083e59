"""Alerts of the running daemon: `Alerting` decides, remembers and delivers.

The engine makes one `service.AlertService`, adds it to its listeners, runs its `run`
as one of its parts, and calls its `renew` when there are new settings. Whoever has no
store and no engine uses `alerting.Alerting` itself: `observe`, `around`, `tick`.
"""
