"""What requests name: pictures, videos, manifests, regions, pages."""
