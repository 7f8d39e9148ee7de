-- Cards belong to whoever holds them: nothing about a person.
CREATE TABLE gift_cards (
    id INTEGER PRIMARY KEY,
    issued_on DATE NOT NULL,
    balance NUMERIC(12, 2) NOT NULL,
    currency VARCHAR(3) NOT NULL
);
