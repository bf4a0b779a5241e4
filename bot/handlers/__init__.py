"""One module for each thing a shopper can do."""
