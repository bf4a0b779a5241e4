"""What is said as messages: text, pictures and buttons, as data. Nothing is sent from here."""
