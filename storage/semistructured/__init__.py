"""SUPER values: the form they have in memory and on disk, and the keys by which they are compared."""
