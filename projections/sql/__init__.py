"""Every statement of the projections, one file for each read model."""
