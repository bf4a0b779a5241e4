"""Features on disk and exact cosine search over them."""
