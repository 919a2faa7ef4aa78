"""What resources of every kind have."""
