"""The window: the only part of cnnviewer that knows Qt."""
