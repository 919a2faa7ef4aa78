"""The answers of image operations: as findings, as tables, and as marks on the picture."""
