"""The panels of the window: each is given pictures and values, and asks by frozen requests."""
