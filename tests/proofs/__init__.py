"""What the rules claim, executed on the real libraries."""
