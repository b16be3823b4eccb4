"""``cnnviewer networks``: the names of the networks."""

from __future__ import annotations

import argparse

__all__ = ["run"]


def run(words: list[str]) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(prog="cnnviewer networks", description="List the networks.")
    parser.parse_args(words)
    from cnnviewer.networks import list_networks

    for source, names in list_networks().items():
        print(f"{source}: {', '.join(names)}")
    return 0
