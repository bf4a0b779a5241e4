"""Index generations: what a shop knows, learned from its photos, and exact cosine search."""
