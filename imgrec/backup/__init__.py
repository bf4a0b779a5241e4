"""One archive of what a shop cannot do without, and the way back from it."""
