"""The pages of the training panel."""
