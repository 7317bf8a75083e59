"""Alerts of the running daemon: `Alerting` decides, remembers and delivers.

`service.AlertService` feeds it from the engine's events and the store;
`attaching.attach_alerts` brings both up. Whoever has no engine uses
`alerting.Alerting` itself: `observe`, `around`, `tick`.
"""
