"""What is owed to the people whose faces are kept: consent, an end, an answer, and proof of an erasure."""
