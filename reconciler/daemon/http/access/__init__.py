"""Who may ask: the `entrance` decides for each request what `knowing` finds out."""
