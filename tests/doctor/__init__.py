"""Tests of `regard.doctor`: each fault is made, on a real installation."""
