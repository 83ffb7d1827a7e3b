-- Judge a batch of commands and write those that hold: called as one autocommit statement, by nobody else than the
-- store. Arrays are flat: three families (commands, expectations, events), tied together by ordinals that count from 1.
-- An event names the expectation it is written on, so that a written stream without an expectation can't be said.
--
-- One statement per step, no joins: with unknown array lengths the planner would guess, and guess wrong.
CREATE FUNCTION eventstore.append(
    command_ids           uuid[],
    accounts              text[],
    routes                text[],
    bodies                bytea[],
    metadatas             json[],
    not_befores           timestamp with time zone[],
    not_afters            timestamp with time zone[],
    asked_ats             timestamp with time zone[],
    expectation_commands  integer[],
    expectation_streams   text[],
    expectation_versions  bigint[],
    event_expectations    integer[],
    event_names           text[],
    event_schema_versions integer[],
    event_datas           json[]
) RETURNS SETOF eventstore.verdict
    LANGUAGE plpgsql
    VOLATILE -- each statement below takes a fresh snapshot, so those after the lock see every commit before it
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off -- a plan made while the table was small is kept when it is large
    SET plan_cache_mode = force_generic_plan
    SET jit = off
AS $$
DECLARE
    commands constant integer := cardinality(command_ids);
    expectations constant integer := cardinality(expectation_commands);
    events constant integer := cardinality(event_expectations);
    head bigint;
    head_at timestamp with time zone;
    clock timestamp with time zone;
    settled integer[];  -- commands that have their verdict and write nothing
    stale integer[];    -- expectations that no longer hold, the first of each command
    versions bigint[];  -- where their streams really are
    late integer[];
    overtaken integer[]; -- commands that came to nothing after they were asked for
    writers integer[];  -- commands that write, and where
    firsts bigint[];
    lasts bigint[];
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append needs READ COMMITTED: its snapshots must be younger than the lock'
            USING ERRCODE = 'SL001';
    END IF;
    -- A SET of this function would be undone before the commit it is meant for.
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        RAISE EXCEPTION 'append needs synchronous_commit = on: a verdict is a promise' USING ERRCODE = 'SL001';
    END IF;
    IF current_setting('client_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'append needs client_encoding = UTF8: bytes are kept as they came' USING ERRCODE = 'SL001';
    END IF;
    IF commands IS DISTINCT FROM cardinality(accounts) OR commands IS DISTINCT FROM cardinality(routes)
        OR commands IS DISTINCT FROM cardinality(bodies) OR commands IS DISTINCT FROM cardinality(metadatas)
        OR commands IS DISTINCT FROM cardinality(not_befores) OR commands IS DISTINCT FROM cardinality(not_afters)
        OR commands IS DISTINCT FROM cardinality(asked_ats)
        OR expectations IS DISTINCT FROM cardinality(expectation_streams)
        OR expectations IS DISTINCT FROM cardinality(expectation_versions)
        OR events IS DISTINCT FROM cardinality(event_names)
        OR events IS DISTINCT FROM cardinality(event_schema_versions)
        OR events IS DISTINCT FROM cardinality(event_datas)
    THEN
        RAISE EXCEPTION 'the arrays of one family differ in length' USING ERRCODE = 'SL001';
    END IF;
    IF EXISTS (
        SELECT
        FROM unnest(expectation_commands, expectation_streams, expectation_versions) AS x (command, stream, version)
        WHERE command_ids[x.command] IS NULL OR x.stream IS NULL OR x.version IS NULL
    ) THEN
        RAISE EXCEPTION 'an expectation without its command, stream or version' USING ERRCODE = 'SL001';
    END IF;
    IF EXISTS (
        SELECT FROM unnest(event_expectations) AS x (expectation) WHERE expectation_commands[x.expectation] IS NULL
    ) THEN
        RAISE EXCEPTION 'an event on a stream without an expectation' USING ERRCODE = 'SL001';
    END IF;

    -- Held until the commit is visible: positions are handed out, and become visible, in one order.
    PERFORM pg_advisory_xact_lock(8317987319222330741);

    SELECT e.position, e.recorded_at INTO head, head_at FROM eventstore.event AS e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    clock := clock_timestamp();
    IF clock < head_at - interval '2 seconds' AND NOT EXISTS (
        SELECT FROM eventstore.clock_acceptance AS a WHERE a.recorded_at >= head_at
    ) THEN
        RAISE EXCEPTION 'the clock stands at %, the last event was recorded at %', clock, head_at
            USING ERRCODE = 'SL002';
    END IF;
    clock := greatest(clock, head_at);

    SELECT array_agg(array_position(command_ids, c.command_id)) INTO settled
    FROM eventstore.command AS c WHERE c.command_id = ANY (command_ids);
    IF settled IS NULL THEN
        settled := '{}';
    ELSE
        RETURN QUERY
        SELECT array_position(command_ids, c.command_id), 'replayed', c.first_position, c.last_position,
               (SELECT e.recorded_at FROM eventstore.event AS e WHERE e.position = c.first_position),
               NULL::text, NULL::bigint, c.account, c.route, c.body_sha256, NULL::timestamptz
        FROM eventstore.command AS c WHERE c.command_id = ANY (command_ids);
    END IF;

    SELECT array_agg(array_position(command_ids, r.command_id)) INTO overtaken
    FROM eventstore.refusal AS r
    WHERE r.command_id = ANY (command_ids)
      AND r.refused_at >= asked_ats[array_position(command_ids, r.command_id)]
      AND array_position(command_ids, r.command_id) <> ALL (settled);
    IF overtaken IS NOT NULL THEN
        RETURN QUERY
        SELECT x.command, 'refused', NULL::bigint, NULL::bigint, clock, NULL::text, NULL::bigint,
               NULL::text, NULL::text, NULL::bytea,
               (SELECT r.refused_at FROM eventstore.refusal AS r WHERE r.command_id = command_ids[x.command])
        FROM unnest(overtaken) AS x (command);
        settled := settled || overtaken;
    END IF;

    SELECT array_agg(f.ordinal), array_agg(f.version) INTO stale, versions
    FROM (
        SELECT DISTINCT ON (x.command) x.ordinal, x.version
        FROM (
            SELECT u.command, u.expected, u.ordinal, coalesce(
                (SELECT max(e.version) FROM eventstore.event AS e WHERE e.stream = u.stream), 0
            ) AS version
            FROM unnest(expectation_commands, expectation_streams, expectation_versions)
                WITH ORDINALITY AS u (command, stream, expected, ordinal)
        ) AS x
        WHERE x.version <> x.expected AND x.command <> ALL (settled)
        ORDER BY x.command, x.ordinal
    ) AS f;
    IF stale IS NOT NULL THEN
        RETURN QUERY
        SELECT expectation_commands[f.expectation], 'conflict', NULL::bigint, NULL::bigint, NULL::timestamptz,
               expectation_streams[f.expectation], f.version, NULL::text, NULL::text, NULL::bytea, NULL::timestamptz
        FROM unnest(stale, versions) AS f (expectation, version);
        settled := settled || ARRAY(SELECT expectation_commands[f.expectation] FROM unnest(stale) AS f (expectation));
    END IF;

    SELECT array_agg(x.command) INTO late
    FROM unnest(not_befores, not_afters) WITH ORDINALITY AS x (not_before, not_after, command)
    WHERE (clock < x.not_before OR clock >= x.not_after) AND x.command <> ALL (settled);
    IF late IS NOT NULL THEN
        RETURN QUERY
        SELECT x.command, 'late', NULL::bigint, NULL::bigint, clock,
               NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::bytea, NULL::timestamptz
        FROM unnest(late) AS x (command);
        settled := settled || late;
    END IF;

    INSERT INTO eventstore.event (
        position, stream, version, name, schema_version, command_id, part, parts, recorded_at, data, metadata, digest
    )
    SELECT p.position, expectation_streams[p.expectation], expectation_versions[p.expectation] + p.nth,
           event_names[p.ordinal], event_schema_versions[p.ordinal], command_ids[p.command], p.part, p.parts, clock,
           event_datas[p.ordinal], metadatas[p.command],
           -- The preimage; eventstore/digest.py says the same in Python. The send functions give UTF-8, see above.
           sha256(
               int8send(p.position)
               || int4send(octet_length(expectation_streams[p.expectation]))
               || textsend(expectation_streams[p.expectation])
               || int8send(expectation_versions[p.expectation] + p.nth)
               || int4send(octet_length(event_names[p.ordinal])) || textsend(event_names[p.ordinal])
               || int4send(event_schema_versions[p.ordinal])
               || uuid_send(command_ids[p.command])
               || int4send(p.part::integer)
               || int8send((extract(epoch FROM clock) * 1000000)::bigint)
               || int4send(octet_length(json_send(event_datas[p.ordinal]))) || json_send(event_datas[p.ordinal])
               || int4send(octet_length(json_send(metadatas[p.command]))) || json_send(metadatas[p.command])
           )
    FROM (
        SELECT x.ordinal, x.expectation, x.command,
               head + row_number() OVER (ORDER BY x.command, x.expectation, x.ordinal) AS position,
               row_number() OVER (PARTITION BY x.command, x.expectation ORDER BY x.ordinal) AS nth,
               row_number() OVER (PARTITION BY x.command ORDER BY x.expectation, x.ordinal) AS part,
               count(*) OVER (PARTITION BY x.command) AS parts
        FROM (
            SELECT u.expectation, u.ordinal, expectation_commands[u.expectation] AS command
            FROM unnest(event_expectations) WITH ORDINALITY AS u (expectation, ordinal)
        ) AS x
        WHERE x.command <> ALL (settled)
    ) AS p;

    SELECT array_agg(w.command), array_agg(w.last - w.events + 1), array_agg(w.last) INTO writers, firsts, lasts
    FROM (
        SELECT x.command, count(*) AS events, head + sum(count(*)::integer) OVER (ORDER BY x.command) AS last
        FROM (
            SELECT expectation_commands[u.expectation] AS command FROM unnest(event_expectations) AS u (expectation)
        ) AS x
        WHERE x.command <> ALL (settled)
        GROUP BY x.command
    ) AS w;

    INSERT INTO eventstore.command (command_id, account, route, body_sha256, first_position, last_position)
    SELECT command_ids[w.command], accounts[w.command], routes[w.command], bodies[w.command], w.first, w.last
    FROM unnest(writers, firsts, lasts) AS w (command, first, last);

    RETURN QUERY
    SELECT w.command, 'appended', w.first, w.last, clock,
           NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::bytea, NULL::timestamptz
    FROM unnest(writers, firsts, lasts) AS w (command, first, last);

    -- Guards that held and nothing to write: judged at the head as it was before this batch, and never stored. That a
    -- command with a client's key came to nothing is remembered while an earlier attempt may still be on its way.
    settled := settled || coalesce(writers, '{}');
    IF cardinality(settled) < commands THEN
        INSERT INTO eventstore.refusal (command_id, refused_at)
        SELECT command_ids[c.command], clock
        FROM generate_series(1, commands) AS c (command)
        WHERE c.command <> ALL (settled) AND asked_ats[c.command] IS NOT NULL
        ON CONFLICT (command_id) DO UPDATE SET refused_at = excluded.refused_at;
        IF FOUND THEN
            DELETE FROM eventstore.refusal AS r WHERE r.command_id = ANY (ARRAY(
                SELECT old.command_id FROM eventstore.refusal AS old
                WHERE old.refused_at < clock - interval '1 minute' ORDER BY old.refused_at LIMIT 2 * commands
            ));
        END IF;
        RETURN QUERY
        SELECT c.command, 'appended', head + 1, head, clock,
               NULL::text, NULL::bigint, NULL::text, NULL::text, NULL::bytea, NULL::timestamptz
        FROM generate_series(1, commands) AS c (command) WHERE c.command <> ALL (settled);
    END IF;
END
$$;
