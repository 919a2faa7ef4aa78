"""What was used, folded from the audit log, and what it would have cost by a price list."""
