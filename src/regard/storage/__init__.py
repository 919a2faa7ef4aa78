"""What everything is kept in: the database with its schema, migrations and backups, and the buckets."""
