"""Custom labels: projects, their policies, their data sets and the entries of these."""
