"""The daemon over HTTP.

Everything here is loaded when a daemon is told to listen, and never before.

* `server/` listens, over TLS if asked to, and turns bytes into requests;
* `app` puts the routes together;
* `access/` decides who gets in: tokens, logins, the policy, where a request is from;
* `api/` is JSON for programs, with its description;
* `monitoring/` is for machines that look on: probes, metrics, badges.

What they share: the `site` (the daemon as it is served), its `view` of the
connections, `sessions`, `limits`, the `meter`, and `problems` as answers.
"""
