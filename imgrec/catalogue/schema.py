"""The catalogue's tables, as numbered migrations (append only; never edit one that has shipped)."""

MIGRATIONS = (
    # 1: sources, categories, products and their photos. A product that has no category belongs to the one whose name is
    # blank, for category_id is never null; store.py reads that name as None.
    """
    CREATE TABLE sources (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    );
    CREATE TABLE categories (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    );
    CREATE TABLE products (
        id INTEGER PRIMARY KEY,
        source_id INTEGER NOT NULL REFERENCES sources(id),
        external_id TEXT NOT NULL,              -- the id in the feed
        title TEXT,
        category_id INTEGER NOT NULL REFERENCES categories(id),
        price TEXT,                             -- a decimal as text
        currency TEXT,
        brand TEXT,
        url TEXT,
        sales_rank INTEGER,
        kind TEXT,                              -- finer class within the category: the truth of retrieval figures
        group_name TEXT,                        -- same product or near-identical picture: never crosses splits
        split TEXT CHECK (split IN ('train', 'validation', 'test')),   -- as the feed has it
        assigned_split TEXT CHECK (assigned_split IN ('train', 'validation', 'test')),   -- ours, where it has none
        fingerprint TEXT NOT NULL,              -- of the feed's row, to see whether it changed
        added_utc TEXT NOT NULL,
        changed_utc TEXT NOT NULL,
        retired_utc TEXT,                       -- gone from its feed since; kept because the log may name it
        UNIQUE (source_id, external_id)
    );
    CREATE INDEX products_category ON products (category_id);
    CREATE TABLE photos (
        id INTEGER PRIMARY KEY,
        product_id INTEGER NOT NULL REFERENCES products(id),
        position INTEGER NOT NULL,              -- 0 is the photo that is shown
        origin TEXT NOT NULL,                   -- path or URL, as the feed has it
        origin_stamp TEXT,                      -- size and time of a local file, to see whether it changed
        sha256 TEXT,                            -- of the photo we keep; null until it is fetched
        width_px INTEGER,
        height_px INTEGER,
        UNIQUE (product_id, position)
    );
    """,
    # 2: what a feed says goes with a product; the other product need not be in the catalogue, so it is named by its id.
    # A list is one row, for Amazon's are long: a third of the bytes and a tenth of the rows. The view is what to read.
    """
    CREATE TABLE related_lists (
        product_id INTEGER NOT NULL REFERENCES products(id),
        relation TEXT NOT NULL CHECK (
            relation IN ('also_bought', 'also_viewed', 'bought_together', 'buy_after_viewing')
        ),
        external_ids TEXT NOT NULL,             -- the other products' ids in the same feed, in its order, as JSON
        PRIMARY KEY (product_id, relation)
    ) WITHOUT ROWID;
    CREATE VIEW related_products (product_id, relation, position, external_id) AS
        SELECT product_id, relation, key, value FROM related_lists, json_each(external_ids);
    """,
    # 3: what became of each photo, and its perceptual hash
    """
    ALTER TABLE photos ADD COLUMN status TEXT NOT NULL DEFAULT 'pending';    -- a PhotoStatus
    ALTER TABLE photos ADD COLUMN status_detail TEXT;                        -- what the status does not say
    ALTER TABLE photos ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;       -- requests made for it so far
    ALTER TABLE photos ADD COLUMN tried_utc TEXT;                            -- when the last of them was
    ALTER TABLE photos ADD COLUMN perceptual_hash BLOB;                      -- 32 bytes, of the photo we keep
    UPDATE photos SET status = 'stored' WHERE sha256 IS NOT NULL;
    CREATE INDEX photos_lacking ON photos (origin) WHERE sha256 IS NULL;     -- so that a run begins at once
    """,
    # 4: how a source's imports went
    """
    CREATE TABLE imports (
        source_id INTEGER PRIMARY KEY REFERENCES sources(id),
        began_utc TEXT,         -- of one that has not come to its end
        imported_utc TEXT,      -- when the last one came to its end
        settled_utc TEXT        -- the same, of the last that retired what its feed lacked
    );
    """,
    # 5: what can be had
    """
    ALTER TABLE products ADD COLUMN in_stock INTEGER;                        -- 0 or 1; null where the feed does not say
    ALTER TABLE products ADD COLUMN sizes TEXT;                              -- those that can be had, as JSON
    CREATE INDEX products_group ON products (group_name) WHERE group_name IS NOT NULL;
    """,
    # 6: the words of titles and brands, kept current by triggers. The text itself stays in products. Marks are letters,
    # too: without them words of Hindi would fall to pieces.
    """
    CREATE VIRTUAL TABLE product_words USING fts5 (
        title, brand, content = 'products', content_rowid = 'id', columnsize = 0,
        tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
    );
    INSERT INTO product_words (product_words) VALUES ('rebuild');
    CREATE TRIGGER product_words_added AFTER INSERT ON products BEGIN
        INSERT INTO product_words (rowid, title, brand) VALUES (new.id, new.title, new.brand);
    END;
    CREATE TRIGGER product_words_changed AFTER UPDATE OF title, brand ON products
    WHEN old.title IS NOT new.title OR old.brand IS NOT new.brand BEGIN
        INSERT INTO product_words (product_words, rowid, title, brand)
            VALUES ('delete', old.id, old.title, old.brand);
        INSERT INTO product_words (rowid, title, brand) VALUES (new.id, new.title, new.brand);
    END;
    CREATE TRIGGER product_words_removed AFTER DELETE ON products BEGIN
        INSERT INTO product_words (product_words, rowid, title, brand)
            VALUES ('delete', old.id, old.title, old.brand);
    END;
    """,
    # 7: so that a million products need not be gone through: a product by the address of its page; those on sale by
    # category; and what is said of them, each brand, list of sizes and currency of a price (blank: none) with how many
    # have it, kept current by triggers.
    """
    CREATE INDEX products_url ON products (url) WHERE url IS NOT NULL;
    DROP INDEX products_category;
    CREATE INDEX products_category_on_sale ON products (category_id, retired_utc);
    CREATE VIEW said_of_products (product_id, kind, value) AS
        SELECT id, 'brand', brand FROM products WHERE brand IS NOT NULL AND retired_utc IS NULL UNION ALL
        SELECT id, 'sizes', sizes FROM products WHERE sizes IS NOT NULL AND retired_utc IS NULL UNION ALL
        SELECT id, 'currency', coalesce(currency, '') FROM products WHERE price IS NOT NULL AND retired_utc IS NULL;
    CREATE TABLE vocabulary (
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        products INTEGER NOT NULL,
        PRIMARY KEY (kind, value)
    ) WITHOUT ROWID;
    INSERT INTO vocabulary SELECT kind, value, count(*) FROM said_of_products GROUP BY kind, value;
    CREATE TRIGGER vocabulary_added AFTER INSERT ON products BEGIN
        INSERT INTO vocabulary SELECT kind, value, 1 FROM said_of_products WHERE product_id = new.id
            ON CONFLICT DO UPDATE SET products = products + 1;
    END;
    CREATE TRIGGER vocabulary_changes BEFORE UPDATE OF brand, sizes, price, currency, retired_utc ON products
    WHEN old.brand IS NOT new.brand OR old.sizes IS NOT new.sizes OR old.currency IS NOT new.currency
        OR (old.price IS NULL) != (new.price IS NULL) OR (old.retired_utc IS NULL) != (new.retired_utc IS NULL) BEGIN
        UPDATE vocabulary SET products = products - 1
            WHERE (kind, value) IN (SELECT kind, value FROM said_of_products WHERE product_id = old.id);
        DELETE FROM vocabulary WHERE products = 0
            AND (kind, value) IN (SELECT kind, value FROM said_of_products WHERE product_id = old.id);
    END;
    CREATE TRIGGER vocabulary_changed AFTER UPDATE OF brand, sizes, price, currency, retired_utc ON products
    WHEN old.brand IS NOT new.brand OR old.sizes IS NOT new.sizes OR old.currency IS NOT new.currency
        OR (old.price IS NULL) != (new.price IS NULL) OR (old.retired_utc IS NULL) != (new.retired_utc IS NULL) BEGIN
        INSERT INTO vocabulary SELECT kind, value, 1 FROM said_of_products WHERE product_id = new.id
            ON CONFLICT DO UPDATE SET products = products + 1;
    END;
    CREATE TRIGGER vocabulary_removed BEFORE DELETE ON products BEGIN
        UPDATE vocabulary SET products = products - 1
            WHERE (kind, value) IN (SELECT kind, value FROM said_of_products WHERE product_id = old.id);
        DELETE FROM vocabulary WHERE products = 0
            AND (kind, value) IN (SELECT kind, value FROM said_of_products WHERE product_id = old.id);
    END;
    """,
    # 8: of which colours it is, where its feed says
    """
    ALTER TABLE products ADD COLUMN colours TEXT;                            -- those that can be had, as JSON
    """,
)
