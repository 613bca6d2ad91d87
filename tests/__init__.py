"""The tests of peft-lint."""
