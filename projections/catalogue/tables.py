"""Tables of the catalogue, and the SQL statements of its fold."""

from typing import LiteralString

# `words` holds search words, normalized by `text_search`.
SCHEMA: LiteralString = """
CREATE TABLE organizer (
    organizer text COLLATE "C" NOT NULL PRIMARY KEY,
    name      text NOT NULL,
    position  bigint NOT NULL
);

CREATE TABLE member (
    organizer text COLLATE "C" NOT NULL,
    account   text COLLATE "C" NOT NULL,
    roles     text[] NOT NULL,
    PRIMARY KEY (organizer, account)
);

CREATE INDEX member_by_account ON member (account);

CREATE TABLE venue (
    venue     text COLLATE "C" NOT NULL PRIMARY KEY,
    organizer text COLLATE "C" NOT NULL,
    name      text NOT NULL,
    address   text NOT NULL,
    city      text NOT NULL,
    country   text NOT NULL,
    time_zone text NOT NULL,
    day_zone  text NOT NULL,          -- `time_zone`, or UTC if the server does not know it
    city_keys text[] NOT NULL,
    words     text[] NOT NULL,
    position  bigint NOT NULL
);

CREATE INDEX venue_by_city ON venue USING gin (city_keys) WITH (fastupdate = off);
CREATE INDEX venue_by_position ON venue (position);

CREATE TABLE layout (
    layout          text COLLATE "C" NOT NULL PRIMARY KEY,
    venue           text COLLATE "C" NOT NULL,
    organizer       text COLLATE "C" NOT NULL,
    version         bigint NOT NULL,
    name            text NOT NULL,
    seats           bigint NOT NULL,
    document_sha256 text COLLATE "C" NOT NULL,
    position        bigint NOT NULL
);

CREATE INDEX layout_of_venue ON layout (venue, version);

CREATE TABLE event (
    event        text COLLATE "C" NOT NULL PRIMARY KEY,
    organizer    text COLLATE "C" NOT NULL,
    venue        text COLLATE "C" NOT NULL,
    title        text NOT NULL,
    description  text NOT NULL,
    category     text NOT NULL,
    category_keys text[] NOT NULL,
    image_url    text,
    status       text COLLATE "C" NOT NULL,
    published    boolean NOT NULL,
    own_words    text[] NOT NULL,
    words        tsvector NOT NULL,
    position     bigint NOT NULL
);

CREATE INDEX event_by_word ON event USING gin (words) WITH (fastupdate = off);
CREATE INDEX event_by_venue ON event (venue);
CREATE INDEX event_by_category ON event USING gin (category_keys) WITH (fastupdate = off);
CREATE INDEX event_by_organizer ON event (organizer);

CREATE TABLE performance (
    performance   text COLLATE "C" NOT NULL PRIMARY KEY,
    event         text COLLATE "C" NOT NULL,
    organizer     text COLLATE "C" NOT NULL,
    venue         text COLLATE "C" NOT NULL,
    layout        text COLLATE "C" NOT NULL,
    seats         bigint NOT NULL,
    currency      text COLLATE "C" NOT NULL,
    starts_at     timestamp with time zone NOT NULL,
    doors_at      timestamp with time zone,
    on_sale_at    timestamp with time zone NOT NULL,
    prices        json NOT NULL,
    price_from    bigint NOT NULL,
    limits        json NOT NULL,
    entry_rules   json NOT NULL,
    sales         text COLLATE "C" NOT NULL,
    cancelled_for text COLLATE "C",
    position      bigint NOT NULL
);

CREATE INDEX performance_of_event ON performance (event, starts_at);
"""

FOUND_ORGANIZERS: LiteralString = """
INSERT INTO organizer (organizer, name, position)
SELECT id, name, position FROM json_to_recordset(%(rows)s::json) AS r (id text, name text, position bigint)
"""

CHANGE_MEMBERS: LiteralString = """
INSERT INTO member (organizer, account, roles)
SELECT organizer, account, roles
FROM json_to_recordset(%(rows)s::json) AS r (organizer text, account text, roles text[])
ON CONFLICT (organizer, account) DO UPDATE SET roles = excluded.roles
"""

END_MEMBERS: LiteralString = """
DELETE FROM member USING json_to_recordset(%(rows)s::json) AS r (organizer text, account text, roles text[])
WHERE member.organizer = r.organizer AND member.account = r.account AND cardinality(member.roles) = 0
"""

OPEN_VENUES: LiteralString = """
INSERT INTO venue (venue, organizer, name, address, city, country, time_zone, day_zone, city_keys, words, position)
SELECT id, organizer, name, address, city, country, time_zone,
       coalesce((SELECT zone.name FROM pg_timezone_names AS zone WHERE zone.name = r.time_zone), 'UTC'),
       city_keys, words, position
FROM json_to_recordset(%(rows)s::json) AS r (
    id text, organizer text, name text, address text, city text, country text, time_zone text, city_keys text[],
    words text[], position bigint
)
"""

# An event's search words include its venue's, so they change with the venue.
CHANGE_VENUES: LiteralString = """
WITH changed AS (
    UPDATE venue SET
        name = r.name, address = r.address, city = r.city, country = r.country, time_zone = r.time_zone,
        day_zone = coalesce((SELECT zone.name FROM pg_timezone_names AS zone WHERE zone.name = r.time_zone), 'UTC'),
        city_keys = r.city_keys, words = r.words
    FROM json_to_recordset(%(rows)s::json) AS r (
        id text, name text, address text, city text, country text, time_zone text, city_keys text[], words text[]
    )
    WHERE venue.venue = r.id
    RETURNING venue.venue, venue.words
)
UPDATE event SET words = array_to_tsvector(event.own_words || changed.words)
FROM changed
WHERE event.venue = changed.venue
"""

PUBLISH_LAYOUTS: LiteralString = """
INSERT INTO layout (layout, venue, organizer, version, name, seats, document_sha256, position)
SELECT id, venue, organizer, version, name, seats, document_sha256, position
FROM json_to_recordset(%(rows)s::json) AS r (
    id text, venue text, organizer text, version bigint, name text, seats bigint, document_sha256 text, position bigint
)
"""

# An event is found by its venue's words, too.
CREATE_EVENTS: LiteralString = """
INSERT INTO event (
    event, organizer, venue, title, description, category, category_keys, image_url, status, published, own_words,
    words, position
)
SELECT r.id, r.organizer, r.venue, r.title, r.description, r.category, r.category_keys, r.image_url, 'draft', false,
       r.words, array_to_tsvector(r.words || coalesce(venue.words, '{}')), r.position
FROM json_to_recordset(%(rows)s::json) AS r (
    id text, organizer text, venue text, title text, description text, category text, category_keys text[],
    image_url text, words text[], position bigint
)
LEFT JOIN venue ON venue.venue = r.venue
"""

DESCRIBE_EVENTS: LiteralString = """
UPDATE event SET
    title = r.title, description = r.description, category = r.category, category_keys = r.category_keys,
    image_url = r.image_url, own_words = r.words,
    words = array_to_tsvector(
        r.words || coalesce((SELECT venue.words FROM venue WHERE venue.venue = event.venue), '{}')
    )
FROM json_to_recordset(%(rows)s::json) AS r (
    id text, title text, description text, category text, category_keys text[], image_url text, words text[]
)
WHERE event.event = r.id
"""

# An event that is reopened after it was closed for deletion gets its former status.
MOVE_EVENTS: LiteralString = """
UPDATE event SET
    published = event.published OR r.published,
    status = CASE WHEN r.status <> 'reopened' THEN r.status
                  WHEN event.published OR r.published THEN 'published'
                  ELSE 'draft' END
FROM json_to_recordset(%(rows)s::json) AS r (id text, status text, published boolean)
WHERE event.event = r.id
"""

SCHEDULE_PERFORMANCES: LiteralString = """
INSERT INTO performance (
    performance, event, organizer, venue, layout, seats, currency, starts_at, doors_at, on_sale_at, prices, price_from,
    limits, entry_rules, sales, position
)
SELECT id, event, organizer, venue, layout, seats, currency, starts_at, doors_at, on_sale_at, prices, price_from,
       limits, entry_rules, 'open', position
FROM json_to_recordset(%(rows)s::json) AS r (
    id text, event text, organizer text, venue text, layout text, seats bigint, currency text, starts_at timestamptz,
    doors_at timestamptz, on_sale_at timestamptz, prices json, price_from bigint, limits json,
    entry_rules json, position bigint
)
"""

MOVE_PERFORMANCES: LiteralString = """
UPDATE performance SET
    starts_at = coalesce(r.starts_at, performance.starts_at),
    doors_at = CASE WHEN r.starts_at IS NULL THEN performance.doors_at ELSE r.doors_at END,
    on_sale_at = coalesce(r.on_sale_at, performance.on_sale_at),
    prices = coalesce(r.prices, performance.prices),
    price_from = coalesce(r.price_from, performance.price_from),
    limits = coalesce(r.limits, performance.limits),
    entry_rules = coalesce(r.entry_rules, performance.entry_rules),
    sales = coalesce(r.sales, performance.sales),
    cancelled_for = coalesce(r.cancelled_for, performance.cancelled_for)
FROM json_to_recordset(%(rows)s::json) AS r (
    id text, starts_at timestamptz, doors_at timestamptz, on_sale_at timestamptz, prices json, price_from bigint,
    limits json, entry_rules json, sales text, cancelled_for text
)
WHERE performance.performance = r.id
"""

REMOVE_PERFORMANCES: LiteralString = """
DELETE FROM performance USING json_to_recordset(%(rows)s::json) AS r (id text) WHERE performance.performance = r.id
"""

REMOVE_VENUES: LiteralString = """
DELETE FROM venue USING json_to_recordset(%(rows)s::json) AS r (id text) WHERE venue.venue = r.id
"""
