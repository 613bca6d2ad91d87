"""Runs scripts verbatim on the real libraries with tiny local checkpoints, and measures them."""

from tests.proofs.harness.client import Outcome, run

__all__ = ["Outcome", "run"]
