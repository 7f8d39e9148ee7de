-- A discount for parish members, and a number for the tax form.
ALTER TABLE customers ADD COLUMN religion VARCHAR(40);
ALTER TABLE customers ADD COLUMN ssn VARCHAR(11);
