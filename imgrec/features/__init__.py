"""The store of features: what the eye saw in each product photo, computed once, here or by a cluster."""
