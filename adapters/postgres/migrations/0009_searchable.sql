-- Names and addresses as people type them: without case, accents and the letters that a keyboard may lack.
CREATE FUNCTION records.folded(typed text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT lower(translate(
        replace(replace(replace(replace(replace(replace(replace(replace(
            regexp_replace(normalize(typed, NFKD), '[\u0300-\u036f]', '', 'g'),
        'ß', 'ss'), 'ẞ', 'ss'), 'æ', 'ae'), 'Æ', 'ae'), 'œ', 'oe'), 'Œ', 'oe'), 'þ', 'th'), 'Þ', 'th'),
        'øØłŁđĐðÐı', 'oOlLdDdDi'
    ))
$$;

-- The same, and behind it the spelling with two letters for ä, ö, ü, å and ø.
CREATE FUNCTION records.searchable(typed text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT records.folded(typed) || ' ' || records.folded(
        replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
            normalize(typed, NFC),
        'ä', 'ae'), 'Ä', 'ae'), 'ö', 'oe'), 'Ö', 'oe'), 'ü', 'ue'), 'Ü', 'ue'), 'å', 'aa'), 'Å', 'aa'), 'ø', 'oe'),
        'Ø', 'oe')
    )
$$;
