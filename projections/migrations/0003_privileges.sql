-- The projector folds, the application reads.
REVOKE ALL ON SCHEMA projections FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA projections FROM PUBLIC;

GRANT USAGE ON SCHEMA projections TO seatledger_app, seatledger_projector;
GRANT SELECT ON projections.projection TO seatledger_app;
GRANT SELECT, INSERT, UPDATE ON projections.projection TO seatledger_projector;
GRANT EXECUTE ON FUNCTION projections.create_schema(text), projections.drop_schema(text) TO seatledger_projector;
