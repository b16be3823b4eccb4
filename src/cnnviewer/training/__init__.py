"""How networks learn: a trainer that knows no screen, and the programs that made the networks shipped."""
