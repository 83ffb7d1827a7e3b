"""Migrations of the schema `projections`: control rows, builds and the functions that create versioned schemas."""
