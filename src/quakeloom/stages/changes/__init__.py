"""What changed since a run was last wholly computed: rows, settings, code, and what must run."""
