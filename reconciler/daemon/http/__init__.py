"""The daemon over HTTP: `app` puts it together, `entrance` decides who gets in.

Everything here is loaded when a daemon is told to listen, and never before.
"""
