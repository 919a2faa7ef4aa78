"""What makes and judges Regard's own networks and constants: `python -m training.accuracy DATA`."""
