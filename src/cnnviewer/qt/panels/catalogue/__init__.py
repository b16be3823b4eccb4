"""The catalogue of networks: what is searched, and the table."""
