"""The APIs that Regard serves, as service models in botocore's format, and the one way from a request to its
answer. Knows HTTP messages, but no server; knows nothing of vision or storage."""
