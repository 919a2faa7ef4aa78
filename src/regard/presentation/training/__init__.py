"""What a training of custom labels came to, told to whoever trained it."""
