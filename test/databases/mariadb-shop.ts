/** A database with one of everything that a dump must carry, and rows that are easily spoilt on their way. */
export const shopSql = `SET SESSION sql_mode = '';
CREATE TABLE customers (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(60) NOT NULL, born DATETIME,
  initials VARCHAR(8) GENERATED ALWAYS AS (LEFT(name, 2)) STORED, size INT GENERATED ALWAYS AS (CHAR_LENGTH(name)) VIRTUAL,
  picture LONGBLOB, flags BIT(9), place POINT, kind ENUM('a', 'b,''c') DEFAULT 'a', price DECIMAL(12,4), details JSON,
  seen TIMESTAMP NULL, CONSTRAINT named CHECK (name <> ''), UNIQUE KEY by_name (name), FULLTEXT KEY words (name));
CREATE TABLE orders (id BIGINT PRIMARY KEY AUTO_INCREMENT, customer INT NOT NULL, parent BIGINT, note TEXT,
  FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE,
  CONSTRAINT chain FOREIGN KEY (parent) REFERENCES orders (id));
CREATE TABLE \`T.a b\`\`c; (\` (\`INSERT INTO\` INT, \`x'y\` VARCHAR(20)) CHARACTER SET latin1;
CREATE TABLE log (line TEXT) ENGINE = MyISAM;
CREATE TABLE parts (day INT) PARTITION BY RANGE (day) (PARTITION low VALUES LESS THAN (100), PARTITION high VALUES LESS THAN MAXVALUE);
CREATE TABLE counted (n INT);
CREATE TABLE empty (n INT);
CREATE SEQUENCE numbers START WITH 7;
INSERT INTO customers (name, born, picture, flags, place, price, details, seen) VALUES
  ('Grüße 😀 ''quoted'' \\\\ back', '0000-00-00', UNHEX('00010D0A1A275C22FF80C3'), b'101010101', POINT(1, 2), 1.5, '{"a": "(),;\\\\n"}', '2020-06-01 12:00:00'),
  ('two\nlines\r\n-- Dump completed on', '2020-02-29 23:59:59', NULL, NULL, NULL, NULL, NULL, NULL),
  ('INSERT INTO \`x\` VALUES (1),(2);', NULL, '', b'0', NULL, -0.0001, NULL, NULL);
INSERT INTO orders (customer, parent, note) VALUES (1, NULL, 'a'), (1, 1, '),('), (3, 2, NULL);
INSERT INTO \`T.a b\`\`c; (\` VALUES (1, 'ä'), (2, ''''), (3, ')');
INSERT INTO log VALUES ('one'), ('two');
INSERT INTO parts SELECT seq FROM seq_0_to_149;
CREATE VIEW rich AS SELECT id, name FROM customers WHERE price > 1;
CREATE VIEW an_earlier_name AS SELECT COUNT(*) AS n FROM rich;
DELIMITER //
CREATE TRIGGER counting BEFORE INSERT ON orders FOR EACH ROW BEGIN
  SET @counted = 1;
INSERT INTO \`counted\` VALUES (1);
  SET NEW.note = COALESCE(NEW.note, '?');
END//
CREATE FUNCTION twice (a INT) RETURNS INT DETERMINISTIC RETURN a * 2//
CREATE PROCEDURE add_order (IN who INT) MODIFIES SQL DATA COMMENT 'it''s ours'
BEGIN
  INSERT INTO orders (customer) VALUES (who);
END//
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 03:00:00' DO BEGIN
  DELETE FROM counted WHERE n < 0; END//
CREATE EVENT \`off \`\` ENABLE\` ON SCHEDULE EVERY '1:30' HOUR_MINUTE ON COMPLETION PRESERVE DISABLE DO SELECT 1//
CREATE EVENT every_second ON SCHEDULE EVERY 1 SECOND DO INSERT INTO log VALUES ('tick')//
DELIMITER ;
ALTER EVENT every_second DISABLE;
`;
