"""How a unit of each kind of layer was worked out."""
