"""What a migration finds, as tables, sentences and pages."""
