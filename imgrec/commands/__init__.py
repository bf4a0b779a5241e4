"""The command line by groups, thin over the library; `imgrec.cli` puts them together."""
