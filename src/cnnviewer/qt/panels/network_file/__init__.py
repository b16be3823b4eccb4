"""What is shown of a network's file before it is opened: consent, fits of architectures, the card."""
