"""Films in stretches: what is found in frames, here or on other machines, before it is observed in order."""
