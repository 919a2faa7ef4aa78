"""What is shown of answers and measurements: marked pictures, texts, tables, files and pages."""
