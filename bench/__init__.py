"""What the documentation claims of speed and memory, each as a command: `make bench`, `make bench-full`."""
