"""Jupyter notebooks: their JSON, the magics in their cells, and the document they make."""
