"""Where an image comes from: one file a source."""
