"""Training networks: the trainer knows no screen."""
