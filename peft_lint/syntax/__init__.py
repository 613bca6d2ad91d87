"""Exact syntax: windows for LibCST, visitors run on them, and the edits they make."""
