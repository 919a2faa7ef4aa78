"""Stream processors: what is kept of them, who runs them, what they saw."""
