"""Product feeds in, photos kept, one SQLite catalogue."""
