"""The daemon: follows the files, tests on schedule, tells people once and usefully.

`hosting` is its life, `attaching` brings up what it was asked for. Its parts:

* `files/`: what is declared, heard of or fetched, planned and applied in cycles;
* `loop/`: what is due goes through one queue to a test, its result into the store;
* `requests/`: commands on this machine, which ask for tests and wait for them;
* `alerting/`: what fails becomes an incident, and a message;
* `http/` and `pages/`: the API, metrics and probes; the status page for people;
* `process/`: its loop, threads, signals and log, and what systemd hears of it.

What they share: `board` (what the daemon knows of itself), `control` (what may be
asked of it, done by `operating`), `events` and `listeners` (what it tells of to whom).
"""
