"""The tables of `bot.db`, as numbered migrations (append only; never edit one that has shipped).

Times are seconds since 1970, as clock.py tells them: they are compared and added to, and nobody else reads them.
"""

MIGRATIONS = (
    # 1: inbox, outbox, what the log is to have, settings, Telegram's file ids
    """
    CREATE TABLE inbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of arrival
        bot_id INTEGER NOT NULL,
        update_id INTEGER NOT NULL,
        stamp INTEGER NOT NULL,                 -- tells it from another of that id: they begin anew after a quiet week
        lane TEXT,                              -- those of one lane are handled one after the other; null: unreadable
        chat_id INTEGER,
        user_id INTEGER,
        album TEXT,                             -- Telegram's id of the album it belongs to
        photo_bytes INTEGER,                    -- null where there is no photo to look at; 0: not known
        body TEXT,                              -- the fields we need, JSON; null when it is done
        received_s REAL NOT NULL,
        due_s REAL NOT NULL,                    -- not before
        starts INTEGER NOT NULL DEFAULT 0,      -- how often its handling began
        done_s REAL,
        error TEXT
    );
    CREATE UNIQUE INDEX inbox_update ON inbox (bot_id, update_id, stamp);
    CREATE INDEX inbox_waiting ON inbox (lane, seq) WHERE done_s IS NULL;
    CREATE INDEX inbox_done ON inbox (done_s) WHERE done_s IS NOT NULL;
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,   -- of the query in the log, too
        seq INTEGER UNIQUE,                     -- of the update that asked
        lane TEXT NOT NULL,
        chat_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        asked_s REAL NOT NULL,
        answered_s REAL,                        -- when its messages were ready to be sent
        record TEXT,                            -- of the log, JSON; null when it is there
        ranks TEXT,                             -- a result's hundred products, most similar first, JSON
        finished_s REAL
    );
    CREATE INDEX requests_open ON requests (lane) WHERE finished_s IS NULL;
    CREATE INDEX requests_finished ON requests (finished_s) WHERE finished_s IS NOT NULL;
    CREATE INDEX requests_chat ON requests (chat_id);
    CREATE INDEX requests_user ON requests (user_id);
    CREATE TABLE steps (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        place REAL,                             -- in the order of its chat; null: that of its id
        request_id INTEGER REFERENCES requests(id) ON DELETE CASCADE,   -- null: no answer to a photo
        chat_id INTEGER NOT NULL,
        content TEXT,                           -- what to send, JSON; null when it was sent
        state TEXT NOT NULL DEFAULT 'waiting',  -- see State
        due_s REAL NOT NULL,
        until_s REAL NOT NULL,                  -- not after
        tries INTEGER NOT NULL DEFAULT 0,
        doubtful INTEGER NOT NULL DEFAULT 0,    -- how often it may have been sent without our knowing
        message_ids TEXT,                       -- JSON
        over_s REAL
    );
    CREATE INDEX steps_open ON steps (chat_id, coalesce(place, id)) WHERE state IN ('waiting', 'sending');
    CREATE INDEX steps_request ON steps (request_id);
    CREATE INDEX steps_over ON steps (over_s) WHERE over_s IS NOT NULL;
    CREATE TABLE journal (                      -- what the log still has to get
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chat_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        kind TEXT NOT NULL,                     -- query, vote, action, move
        entry TEXT NOT NULL                     -- JSON
    );
    CREATE TABLE chats (
        chat_key TEXT PRIMARY KEY,              -- a keyed hash, as in the log
        category_id INTEGER,                    -- null: as the model predicts
        likeness REAL,                          -- null: as the shop has it
        changed_utc TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE notices (                      -- the one message in a chat that tells how long it takes
        chat_id INTEGER PRIMARY KEY,
        message_id INTEGER NOT NULL
    );
    CREATE TABLE telegram_files (
        bot_id INTEGER NOT NULL,
        photo_sha256 TEXT NOT NULL,
        file_id TEXT NOT NULL,
        PRIMARY KEY (bot_id, photo_sha256)
    ) WITHOUT ROWID;
    """,
    # 2: languages; an answer's products with what was asked, so that its buttons can ask it again; topics of forums
    """
    ALTER TABLE requests ADD COLUMN language TEXT;              -- it is answered in
    ALTER TABLE requests ADD COLUMN kept TEXT;                  -- see found.py, JSON
    ALTER TABLE requests DROP COLUMN ranks;
    ALTER TABLE steps ADD COLUMN thread_id INTEGER;             -- the topic of a forum
    CREATE INDEX steps_sent ON steps (chat_id) WHERE message_ids IS NOT NULL;   -- which answer is replied to?
    ALTER TABLE chats ADD COLUMN language TEXT;                 -- null: as the profile has it
    ALTER TABLE chats ADD COLUMN results INTEGER;               -- products in an answer; null: as the shop has it
    ALTER TABLE chats ADD COLUMN keeps_photos INTEGER;          -- 1: the shopper agreed, 0: was asked; null: was not
    CREATE TABLE saved (
        id INTEGER PRIMARY KEY AUTOINCREMENT,   -- the latest has the largest
        user_key TEXT NOT NULL,                 -- a keyed hash, as in the log
        product_id INTEGER NOT NULL,
        query_id INTEGER NOT NULL,              -- where it was found
        rank INTEGER NOT NULL,                  -- there; 0: the query was about it
        saved_utc TEXT NOT NULL,
        UNIQUE (user_key, product_id)
    );
    CREATE TABLE wishes (                       -- products that somebody wants to hear of when they come in
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        query_id INTEGER NOT NULL,
        chat_id INTEGER NOT NULL,
        thread_id INTEGER,
        user_id INTEGER NOT NULL,
        language TEXT NOT NULL,
        ask TEXT NOT NULL,                      -- JSON; its photos are Telegram's ids of them
        about TEXT NOT NULL,                    -- a category, for the shopper's list of wishes
        model TEXT NOT NULL,                    -- the SHA-256 of the one that saw it
        features BLOB NOT NULL,                 -- what that saw, float16
        logits BLOB NOT NULL,                   -- float32; empty where it has no softmax of its own
        likeness REAL NOT NULL,                 -- products have to be as alike as this
        generation TEXT NOT NULL,               -- the last that was searched for it
        told TEXT NOT NULL,                     -- products that were shown or told, JSON
        made_s REAL NOT NULL,
        told_s REAL,                            -- the last time
        until_s REAL NOT NULL
    );
    CREATE UNIQUE INDEX wishes_query ON wishes (query_id, user_id);
    CREATE INDEX wishes_user ON wishes (user_id);
    CREATE INDEX wishes_chat ON wishes (chat_id);
    CREATE TABLE generations (                  -- what was on sale when a generation was taken up, while wishes need it
        generation TEXT PRIMARY KEY,
        products BLOB NOT NULL                  -- int64, their ids ascending, each less the one before; deflated
    ) WITHOUT ROWID;
    CREATE TABLE kept_photos (                  -- of shoppers who agreed; see photos.py
        file TEXT PRIMARY KEY,                  -- its name
        chat_key TEXT NOT NULL,                 -- a keyed hash, as in the log
        kept_s REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX kept_photos_chat ON kept_photos (chat_key);
    CREATE INDEX kept_photos_kept ON kept_photos (kept_s);
    """,
)
