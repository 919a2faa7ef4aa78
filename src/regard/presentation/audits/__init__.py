"""Audits of the face model, told: in sentences, as JSON, as pages."""
