"""Keys: every kind that age knows, where they are looked for, and wrapping for them."""
