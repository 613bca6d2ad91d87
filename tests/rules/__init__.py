"""The rule pages as tests."""
