"""What a backup of the whole site is made of: rows that any database reads, and where it goes."""
