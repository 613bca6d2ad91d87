"""Rules for configurations (PEF3)."""
