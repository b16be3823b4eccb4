"""What can be asked of a recording: one file a question."""
