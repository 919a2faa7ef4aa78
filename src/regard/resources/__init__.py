"""What resources of every kind have: tags, and tokens of the requests that change them once."""
