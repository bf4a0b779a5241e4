"""Movies & TV: what this department sells."""

from sample.design import department

kind = department("Movies & TV")
