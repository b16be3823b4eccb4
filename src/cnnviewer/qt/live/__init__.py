"""Streams: where frames come from, their way to the worker, and what is recorded of them."""
