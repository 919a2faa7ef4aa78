"""Trainings of adapters: what people said of pictures, against what the base says of them."""
