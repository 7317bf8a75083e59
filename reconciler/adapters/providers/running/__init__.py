"""Many tests side by side: who may be asked now, and what is believed.

`tester` runs them, `job` is one of them; the `gate` stands around each with what is
known of limits (`holds`), of keys (`frozen`) and of who shares them (`ways`).
"""
