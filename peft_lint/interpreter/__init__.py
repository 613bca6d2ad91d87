"""The interpreter: runs a module symbolically, on every feasible world, and emits events."""
