"""peft-lint: a static analyser for code that fine-tunes models with Hugging Face PEFT."""

# A literal, not importlib.metadata: that import alone costs 48 ms of the start.
__version__ = "0.1.0"
