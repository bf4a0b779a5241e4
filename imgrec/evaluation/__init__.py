"""Figures that make the next model and threshold better: of models, of the search, of the log."""
