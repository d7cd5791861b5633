import { migrations, schemaVersion } from './migrations.js';

const COLUMNS = 'id, item, quantity, state, total_cents AS totalCents';

/** The orders in the database behind `pool`. */
export function createOrders(pool) {
  const rows = async (sql, values = []) => (await pool.query(sql, values))[0];
  return {
    async add(item, quantity) {
      const { insertId } = await rows('INSERT INTO orders (item, quantity) VALUES (?, ?)', [item, quantity]);
      return insertId;
    },
    async get(id) {
      const [order] = await rows(`SELECT ${COLUMNS} FROM orders WHERE id = ?`, [id]);
      return order;
    },
    newest: () => rows(`SELECT ${COLUMNS} FROM orders ORDER BY id DESC LIMIT 100`),
    async count() {
      const [{ orders }] = await rows('SELECT COUNT(*) AS orders FROM orders');
      return Number(orders);
    },
    /** Those that have waited for longer than anything stays in the queue. */
    async forgotten() {
      const found = await rows(
        "SELECT id FROM orders WHERE state = 'waiting' AND ordered_at < NOW() - INTERVAL 1 MINUTE ORDER BY id LIMIT 100",
      );
      return found.map(({ id }) => id);
    },
    /** False when somebody else was quicker: an order that is in the queue twice is priced once. */
    async settle(id, state, totalCents) {
      const { affectedRows } = await rows(
        "UPDATE orders SET state = ?, total_cents = ? WHERE id = ? AND state = 'waiting'",
        [state, totalCents, id],
      );
      return affectedRows === 1;
    },
    remove: (id) => rows('DELETE FROM orders WHERE id = ?', [id]),
    /** Throws when the schema is older than this version needs; a newer one is what a rollback leaves behind. */
    async schema() {
      const version = await schemaVersion(pool);
      if (version < migrations.length) throw new Error(`the schema is ${version}: run \`node migrate.js\``);
      return version;
    },
  };
}
