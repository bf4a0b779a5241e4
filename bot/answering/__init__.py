"""From what was sent to what was found: fetched, decoded, looked at, searched; and what is drawn of it."""
