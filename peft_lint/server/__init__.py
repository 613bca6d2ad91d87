"""The language server: editors ask, the engine answers. Needs the extra `lsp`."""
