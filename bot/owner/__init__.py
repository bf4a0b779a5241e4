"""What the shop's owner gets to see of the bot: what breaks, what was asked, and figures for Prometheus."""
