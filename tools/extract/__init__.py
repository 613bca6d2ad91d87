"""Reads what released packages offer from their source: parsed with `ast`, never imported."""
