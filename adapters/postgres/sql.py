"""SQL statements on people, sessions, checkout URLs and layout documents."""

from typing import LiteralString

REGISTER: LiteralString = """
WITH person AS (
    INSERT INTO records.person (account, email, name) VALUES (%(account)s, %(email)s, %(name)s) RETURNING account
)
INSERT INTO records.credential (account, password_hash) SELECT account, %(password_hash)s FROM person
"""

PERSON: LiteralString = "SELECT account, email, name FROM records.person WHERE account = %(account)s"

PEOPLE: LiteralString = "SELECT account, email, name FROM records.person WHERE account = ANY (%(accounts)s)"

# Each word of the query occurs in the address or in the name, in any of its spellings.
SEARCH: LiteralString = """
SELECT account, email, name FROM records.person
WHERE email > %(after)s AND NOT EXISTS (
    SELECT FROM unnest(%(words)s::text[]) AS typed (word)
    WHERE strpos(records.folded(email), records.folded(typed.word)) = 0
      AND strpos(records.searchable(name), records.folded(typed.word)) = 0
)
ORDER BY email
LIMIT %(limit)s
"""

# A stored contact is never changed.
INSERT_CONTACT: LiteralString = """
INSERT INTO records.contact (contact, account, email, name)
VALUES (%(contact)s, %(account)s, %(email)s, %(name)s)
ON CONFLICT (contact) DO NOTHING
"""

CONTACT: LiteralString = "SELECT contact, account, email, name FROM records.contact WHERE contact = %(contact)s"

CONTACTS: LiteralString = "SELECT contact, account, email, name FROM records.contact WHERE contact = ANY (%(contacts)s)"

BUYER_ACCOUNTS: LiteralString = """
SELECT account FROM records.person
WHERE starts_with(email, lower(%(text)s)) OR strpos(records.searchable(name), records.folded(%(text)s)) > 0
ORDER BY account DESC
LIMIT %(limit)s
"""

BUYER_CONTACTS: LiteralString = """
SELECT contact FROM records.contact
WHERE starts_with(email, lower(%(text)s)) OR strpos(records.searchable(name), records.folded(%(text)s)) > 0
ORDER BY contact DESC
LIMIT %(limit)s
"""

UPSERT_CHECKOUT_URL: LiteralString = """
WITH expired AS (
    DELETE FROM records.checkout_url WHERE payment IN (
        SELECT payment FROM records.checkout_url WHERE expires_at < now() ORDER BY expires_at LIMIT %(expired_max)s
        FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO records.checkout_url (payment, url, expires_at) VALUES (%(payment)s, %(url)s, %(expires_at)s)
ON CONFLICT (payment) DO UPDATE SET url = excluded.url, expires_at = excluded.expires_at
"""

CHECKOUT_URLS: LiteralString = """
SELECT payment, url FROM records.checkout_url WHERE payment = ANY (%(payments)s) AND expires_at > now()
"""

CREDENTIAL: LiteralString = """
SELECT account, password_hash FROM records.credential JOIN records.person USING (account) WHERE email = %(email)s
"""

REPLACE_CREDENTIAL: LiteralString = """
UPDATE records.credential SET password_hash = %(password_hash)s, changed_at = now()
WHERE account = %(account)s AND password_hash = %(known)s
"""

# Each new session also deletes a few expired ones.
OPEN_SESSION: LiteralString = """
WITH abandoned AS (
    DELETE FROM records.session WHERE session IN (
        SELECT session FROM records.session WHERE expires_at < now() ORDER BY expires_at LIMIT %(abandoned_max)s
        FOR UPDATE SKIP LOCKED
    )
), oldest AS (
    DELETE FROM records.session WHERE session IN (
        SELECT session FROM records.session WHERE account = %(account)s AND expires_at >= now()
        ORDER BY session DESC OFFSET %(sessions_max)s
    )
), opened AS (
    INSERT INTO records.session (session, account, expires_at)
    VALUES (%(session)s, %(account)s, %(expires_at)s)
    RETURNING session
)
INSERT INTO records.refresh_token (token_sha256, session) SELECT %(token)s, session FROM opened
"""

# The second of two concurrent statements waits for the first, then finds the token used.
ROTATE: LiteralString = """
WITH taken AS (
    UPDATE records.refresh_token SET used = true
    FROM records.session
    WHERE token_sha256 = %(token)s AND NOT used
      AND session.session = refresh_token.session AND session.expires_at > now()
    RETURNING session.session, session.account, session.expires_at
), successor AS (
    INSERT INTO records.refresh_token (token_sha256, session) SELECT %(successor)s, session FROM taken
)
SELECT session, account, expires_at FROM taken
"""

END_SESSIONS: LiteralString = "DELETE FROM records.session WHERE account = %(account)s"

END_SESSION: LiteralString = """
DELETE FROM records.session USING records.refresh_token
WHERE token_sha256 = %(token)s AND session.session = refresh_token.session
"""

INSERT_LAYOUT: LiteralString = """
INSERT INTO records.layout_document (layout, document) VALUES (%(layout)s, %(document)s) ON CONFLICT DO NOTHING
"""

LAYOUT: LiteralString = "SELECT document FROM records.layout_document WHERE layout = %(layout)s"
