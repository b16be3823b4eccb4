"""The network as a graph of boxes: its tree of modules, what is folded, and where all of it lies."""
