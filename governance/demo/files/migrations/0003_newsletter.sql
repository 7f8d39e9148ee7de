-- What the newsletter tool reads, and a log of every change of a customer.
CREATE VIEW newsletter AS SELECT name, email AS recipient FROM customers;
CREATE TRIGGER customers_changed AFTER UPDATE ON customers BEGIN
    INSERT INTO change_log (happened, contact) VALUES (datetime('now'), NEW.phone);
END;
