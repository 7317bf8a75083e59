"""The API: `looking` answers, `acting` does; each is one of the `operations`."""
