"""Lawn & Garden: what this department sells."""

from sample.design import department

kind = department("Lawn & Garden")
