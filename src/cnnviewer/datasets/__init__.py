"""What a network learns from: one file a source."""
