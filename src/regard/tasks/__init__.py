"""Parts of jobs that are data: done by threads here, or by the machines of a Ray cluster."""
