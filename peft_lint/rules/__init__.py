"""The rules: guards, then one suspicion; visitors that flag and rewrite."""
