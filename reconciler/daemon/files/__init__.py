"""What is declared: its files are heard of or fetched, planned and applied.

`watching` hears of changes and `following` fetches a branch; `cycling` says when a
`cycle` is due, `standing` what its end means. `reloading` takes new settings.
"""
