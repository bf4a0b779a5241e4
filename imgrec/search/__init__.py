"""Index generations: what a shop knows, learned from its photos; searching them, and words that narrow."""
