"""The interpreter against reality, on generated programs."""
