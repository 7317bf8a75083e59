"""The way out: one session for all, and every request timed, bounded and watched.

`session` is what adapters get; `addresses` says where it may lead, `meter` how long
each request took, `contacts` who answered lately, `tracing` what travelled.
"""
