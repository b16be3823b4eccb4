"""From tensors to pixels: scales, colour maps, mosaics. Nearest neighbour throughout, never smoothed."""
