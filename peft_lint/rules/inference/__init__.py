"""Rules for inference (PEF2)."""
