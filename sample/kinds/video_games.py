"""Video Games: what this department sells."""

from sample.design import department

kind = department("Video Games")
