-- The projector folds, the application reads.
REVOKE ALL ON SCHEMA projections FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA projections FROM PUBLIC;

GRANT USAGE ON SCHEMA projections TO :"app", :"projector";
GRANT SELECT ON projections.projection TO :"app";
GRANT SELECT, INSERT, UPDATE ON projections.projection TO :"projector";
GRANT EXECUTE ON FUNCTION projections.create_schema(text), projections.drop_schema(text) TO :"projector";
