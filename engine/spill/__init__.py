"""What steps do whose rows do not fit the statement's memory: they put them on disk and go on in parts."""
