"""The projections' own schema: the control row of each, and who may make versioned schemas beside it."""
