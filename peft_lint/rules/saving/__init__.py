"""Rules for merging and saving (PEF5)."""
