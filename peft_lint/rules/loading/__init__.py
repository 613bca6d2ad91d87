"""Rules for loading and wrapping (PEF1)."""
