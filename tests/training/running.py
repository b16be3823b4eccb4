"""A training that is run to its end."""


def run_all(training):
    """Return all that it tells; it is closed, however it ends."""
    try:
        return list(training)
    finally:
        training.close()
