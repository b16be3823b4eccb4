"""What files of weights hold, as trainers write them: tensors by name, and what stands around them."""
