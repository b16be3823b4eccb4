"""Where a number comes from: its arithmetic, its ways back and on."""
