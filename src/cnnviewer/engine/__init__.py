"""The engine behind the window: it owns the network, records images and answers requests. It knows no Qt."""

from cnnviewer.engine.engine import Engine

__all__ = ["Engine"]
