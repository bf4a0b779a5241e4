"""The sample shop: parametric 3D models of products, and the photos, feeds and training views rendered from them."""
