"""How often faces are taken for each other, and missed: measured, with how sure that is."""
