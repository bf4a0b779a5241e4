"""Figures that make the next model and threshold better: of the log, of the search."""
