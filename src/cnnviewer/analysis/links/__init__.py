"""Which units of a layer's operands feed which units of its output."""
