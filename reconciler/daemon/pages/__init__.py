"""The status page: what people at a browser see of the daemon, and ask of it.

Every page is made on the server and works without a script. `looking` shows,
`acting` tests, samples, suspends and resumes, `routes` says at which addresses. The
views themselves are `reconciler.report.html`.
"""
