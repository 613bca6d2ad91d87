"""Rules for training (PEF4)."""
