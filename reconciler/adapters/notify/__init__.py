"""Where alerts go: through Apprise, as a signed webhook, and the heartbeat.

Addresses and keys come from the environment or from files at every delivery, so that
one which was changed is used at once. They are in no message, log or error of ours.
"""
