"""Windows of equal length: their table, what each holds, and their files on disk."""
