"""Column encodings by Redshift's names, one per file behind the interface of base.py; see registry.py."""
