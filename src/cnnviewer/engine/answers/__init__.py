"""The answers to what the window asks of a recording: a file for each kind of picture, and their table."""
