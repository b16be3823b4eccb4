"""Why a network is run as it is written for each image, and not from its recorded operations: in words."""

from __future__ import annotations

__all__ = ["DIFFERENT", "FREE", "GRADIENTS", "HIDDEN", "HOOKS", "NO_LAYER", "STATE", "UNKNOWN", "VALUES"]  # fmt: skip

VALUES = "its code reads values that it has computed"
FREE = "what it computes is drawn at random, or has as many numbers as its values tell"
STATE = "its values depend on a state that is kept between images"
UNKNOWN = "it uses numbers that none of its layers made and that are no parameters"
HIDDEN = "part of what it computes can't be seen from outside"
HOOKS = "functions are hooked to its modules"
NO_LAYER = "what it returns was made by no layer"
GRADIENTS = "it computes gradients"
DIFFERENT = "its operations, run again on another image, gave other values"
