"""Small widgets that the panels are made of: each shows what it is given."""
