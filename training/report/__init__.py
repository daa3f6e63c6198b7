"""What an evaluation came to, as metrics, as a page and as tables for plots."""
