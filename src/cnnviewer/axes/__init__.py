"""Following axes through the operations of a network: which are channels, rows and columns."""
