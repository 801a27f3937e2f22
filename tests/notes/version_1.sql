CREATE TABLE dixtill_notes_schema (version INTEGER NOT NULL, PRIMARY KEY (version));
CREATE TABLE dixtill_texts (text_key VARCHAR(64) NOT NULL, text TEXT NOT NULL, PRIMARY KEY (text_key));
CREATE TABLE dixtill_note_history (
    id SERIAL NOT NULL, text_key VARCHAR(64) NOT NULL, pair_key VARCHAR(64) NOT NULL, version INTEGER NOT NULL,
    revision VARCHAR(32) NOT NULL, based_on VARCHAR(32), written VARCHAR(40) NOT NULL, comment TEXT NOT NULL, tags TEXT NOT NULL,
    corrected_label TEXT, status VARCHAR(20) NOT NULL, author TEXT NOT NULL, is_beside BOOLEAN NOT NULL,
    PRIMARY KEY (id), CONSTRAINT dixtill_note_history_revision UNIQUE (revision),
    FOREIGN KEY(text_key) REFERENCES dixtill_texts (text_key)
);
CREATE INDEX dixtill_note_history_note ON dixtill_note_history (text_key, pair_key);
CREATE TABLE dixtill_notes (
    id SERIAL NOT NULL, text_key VARCHAR(64) NOT NULL, pair_key VARCHAR(64) NOT NULL, version INTEGER NOT NULL,
    revision VARCHAR(32) NOT NULL, based_on VARCHAR(32), written VARCHAR(40) NOT NULL, comment TEXT NOT NULL, tags TEXT NOT NULL,
    corrected_label TEXT, status VARCHAR(20) NOT NULL, author TEXT NOT NULL,
    PRIMARY KEY (id), CONSTRAINT dixtill_notes_one UNIQUE (text_key, pair_key),
    FOREIGN KEY(text_key) REFERENCES dixtill_texts (text_key)
);
INSERT INTO dixtill_notes_schema VALUES (1);
INSERT INTO dixtill_texts VALUES ('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 'a');
INSERT INTO dixtill_note_history
    (text_key, pair_key, version, revision, based_on, written, comment, tags, corrected_label, status, author, is_beside)
VALUES
    ('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
     'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, '00000000000000000000000000000001', NULL,
     '2026-01-01T00:00:00.000000+00:00', 'first', '', NULL, 'open', 'Ada', FALSE),
    ('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
     'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 2, '00000000000000000000000000000002',
     '00000000000000000000000000000001', '2026-01-02T00:00:00.000000+00:00', 'second', 'irony, short', 'bearish', 'explained',
     'Ben', FALSE);
INSERT INTO dixtill_notes (text_key, pair_key, version, revision, based_on, written, comment, tags, corrected_label, status, author)
    SELECT text_key, pair_key, version, revision, based_on, written, comment, tags, corrected_label, status, author
    FROM dixtill_note_history WHERE version = 2;
