"""The log's tables, as numbered migrations (append only; never edit one that has shipped).

Evaluation and tools outside read them. A query is written once, whole, when all that was to be sent for it was. Times
are ISO 8601 UTC. Chats, users and photos appear as keyed hashes only.
"""

from enum import StrEnum

MIGRATIONS = (
    # 1: queries with their matches and votes; settings of chats; photos Telegram already has
    """
    CREATE TABLE queries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,   -- old buttons name ids: one that was forgotten is never given again
        asked_utc TEXT NOT NULL,
        chat_key TEXT NOT NULL,
        user_key TEXT NOT NULL,
        photo_unique_id TEXT,
        kind_of_query TEXT NOT NULL,        -- see KindOfQuery
        parent_id INTEGER REFERENCES queries(id) ON DELETE SET NULL,   -- the query a tap asked again
        predicted_category TEXT,
        probability REAL,
        category TEXT,                      -- what was used; null where several were searched
        category_source TEXT,               -- predicted, chat, tap
        scope TEXT,                         -- names searched, a JSON list
        threshold REAL,
        threshold_source TEXT,              -- auto, config, chat
        model TEXT,                         -- its SHA-256
        index_generation TEXT,
        outcome TEXT NOT NULL,              -- see Outcome
        n_matches INTEGER NOT NULL DEFAULT 0,
        best_similarity REAL,
        total_ms REAL
    );
    CREATE INDEX queries_user ON queries (user_key);
    CREATE INDEX queries_chat ON queries (chat_key);
    CREATE TABLE matches (
        query_id INTEGER NOT NULL REFERENCES queries(id) ON DELETE CASCADE,
        rank INTEGER NOT NULL,              -- 1 is the most similar
        product_id INTEGER NOT NULL,
        similarity REAL NOT NULL,
        PRIMARY KEY (query_id, rank)
    ) WITHOUT ROWID;
    CREATE TABLE feedback (
        query_id INTEGER NOT NULL REFERENCES queries(id) ON DELETE CASCADE,
        rank INTEGER NOT NULL,              -- 0: the whole answer
        user_key TEXT NOT NULL,
        vote INTEGER NOT NULL CHECK (vote IN (-1, 1)),
        voted_utc TEXT NOT NULL,
        PRIMARY KEY (query_id, rank, user_key)
    ) WITHOUT ROWID;
    CREATE TABLE chats (
        chat_key TEXT PRIMARY KEY,
        category TEXT,                      -- null: as the model predicts
        threshold REAL,                     -- null: as configured
        changed_utc TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE telegram_files (
        bot_id INTEGER NOT NULL,
        photo_sha256 TEXT NOT NULL,
        file_id TEXT NOT NULL,
        PRIMARY KEY (bot_id, photo_sha256)
    ) WITHOUT ROWID;
    """,
    # 2: likeness beside similarity; chats keep it in place of a cosine, which means another thing with every model
    """
    ALTER TABLE queries ADD COLUMN likeness REAL;   -- of the threshold; threshold_source may be tap too
    ALTER TABLE matches ADD COLUMN likeness REAL;
    ALTER TABLE chats ADD COLUMN likeness REAL;     -- null where the chat chose none, or chose a cosine before
    """,
    # 3: where the time went; what only the bot needs has moved to its own database, which takes it over before this
    """
    ALTER TABLE queries ADD COLUMN queue_ms REAL;   -- from its arrival to its turn
    ALTER TABLE queries ADD COLUMN see_ms REAL;     -- decoding, and the network
    ALTER TABLE queries ADD COLUMN search_ms REAL;
    ALTER TABLE queries ADD COLUMN send_ms REAL;    -- until Telegram had confirmed all of it
    ALTER TABLE queries ADD COLUMN doubtful INTEGER NOT NULL DEFAULT 0;     -- sendings that may have arrived twice
    DROP TABLE chats;
    DROP TABLE telegram_files;
    """,
    # 4: whom a restored backup must not bring back; a mark is a keyed hash of a key, which is itself not kept
    """
    CREATE TABLE forgotten (
        mark TEXT PRIMARY KEY,              -- see forgetting.py
        forgotten_utc TEXT NOT NULL         -- the last time
    ) WITHOUT ROWID;
    """,
    # 5: how an answer was narrowed and refined, and what was done with it
    """
    ALTER TABLE queries ADD COLUMN filters TEXT;        -- what products had to be besides alike, JSON; null: nothing
    ALTER TABLE queries ADD COLUMN refinement TEXT;     -- part, more and less like these, how many photos, JSON
    ALTER TABLE queries ADD COLUMN language TEXT;       -- it was answered in
    CREATE TABLE actions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        query_id INTEGER NOT NULL REFERENCES queries(id) ON DELETE CASCADE,
        rank INTEGER NOT NULL,                  -- of the product; 0: the whole answer
        user_key TEXT NOT NULL,
        action TEXT NOT NULL,                   -- see Action
        done_utc TEXT NOT NULL
    );
    CREATE INDEX actions_query ON actions (query_id);
    CREATE INDEX actions_user ON actions (user_key);
    CREATE INDEX queries_asked ON queries (asked_utc);          -- what is too old is deleted
    CREATE INDEX queries_parent ON queries (parent_id) WHERE parent_id IS NOT NULL;
    """,
)


class KindOfQuery(StrEnum):
    """What was asked: a photo or what else can be looked at, or something about an earlier query."""

    PHOTO = "photo"
    FILE = "file"
    ALBUM = "album"
    """Several photos of one thing, sent together."""
    STICKER = "sticker"
    LINK = "link"
    """To an image, or to a product's page."""
    NARROWED = "narrowed"
    """The same photo with other words or another price, by a reply or a tap."""
    REFINED = "refined"
    """The same with a further photo, by a reply."""
    PART = "part"
    """The same of a part of the photo."""
    MORE_LIKE = "more_like"
    """The same, more like one of the products of the answer."""
    LESS_LIKE = "less_like"
    """The same, not like one of the products of the answer."""
    OTHER_CATEGORY = "other_category"
    PRODUCT = "product"
    """What is like a product that a link named."""
    HISTORY = "history"
    """An earlier query, asked again out of the list of them."""
    MORE = "more"
    """Further products of it; their ranks go on from those before."""
    SIMILAR = "similar"
    """An earlier photo, by /similar in reply to it."""
    GUEST = "guest"
    """A photo in a chat the bot is not in, where it was mentioned."""
    WISH = "wish"
    """Nobody asked just then: what came in since its parent, of which somebody had wished to be told."""
    LOWER_THRESHOLD = "lower_threshold"
    """In logs of before: the same photo with a lower threshold."""


class Action(StrEnum):
    """What somebody did with an answer, or with one product of it."""

    OPENED = "opened"
    SAVED = "saved"
    UNSAVED = "unsaved"
    ASKED_WHY = "asked_why"
    WISHED = "wished"
    WISH_STOPPED = "wish_stopped"
    TOLD = "told"
    """Of what has come in since."""


class Outcome(StrEnum):
    """How a query ended."""

    ANSWERED = "answered"
    NOTHING_SIMILAR = "nothing_similar"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    FAILED = "failed"
    BUSY = "busy"
    """More photos waited than we let wait."""
    EXPIRED = "expired"
    """It could not be answered while an answer was of use."""
