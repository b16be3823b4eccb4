"""The tour: a panel, its pages, one file each."""
