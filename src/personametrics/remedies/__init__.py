"""Published remedies, one file each."""
