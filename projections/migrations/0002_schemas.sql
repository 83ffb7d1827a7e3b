-- A projector makes and drops read models, and nothing else: these two functions lend it the right to, for schemas
-- that are named like one (seat_map_v1_1).
CREATE FUNCTION projections.create_schema(name text) RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF name !~ '^[a-z_]{1,40}_v[0-9]+_[0-9]+$' THEN
        RAISE EXCEPTION '% is not the name of a read model''s schema', name USING ERRCODE = 'invalid_schema_name';
    END IF;
    -- The projector owns what it makes: a dump restores its tables only into a schema in which it may create them.
    EXECUTE format('CREATE SCHEMA %I AUTHORIZATION :"projector"', name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO :"app"', name);
END
$$;

CREATE FUNCTION projections.drop_schema(name text) RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF name !~ '^[a-z_]{1,40}_v[0-9]+_[0-9]+$' THEN
        RAISE EXCEPTION '% is not the name of a read model''s schema', name USING ERRCODE = 'invalid_schema_name';
    END IF;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
END
$$;
