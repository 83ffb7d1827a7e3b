-- Every order has a contact of its own, whose id follows from the order's: it is kept once the order is recorded, so that a
-- refused order leaves no personal data. The same words may be kept many times.
ALTER TABLE records.contact DROP CONSTRAINT contact_account_email_name_key;
CREATE INDEX contact_account ON records.contact (account);
