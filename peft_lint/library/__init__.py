"""Library models: what one known call does to a world, one module per library."""
