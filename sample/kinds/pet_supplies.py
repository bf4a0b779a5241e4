"""Pet Supplies: what this department sells."""

from sample.design import department

kind = department("Pet Supplies")
