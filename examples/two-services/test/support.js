/** Orders as the database keeps them, in memory. */
export function ordersInMemory(rows = []) {
  return {
    rows,
    async add(item, quantity) {
      rows.push({ id: rows.length + 1, item, quantity, state: 'waiting', totalCents: null });
      return rows.length;
    },
    get: async (id) => rows.find((row) => row.id === id),
    newest: async () => rows.toReversed(),
    count: async () => rows.length,
    forgotten: async () => rows.filter(({ state }) => state === 'waiting').map(({ id }) => id),
    async settle(id, state, totalCents) {
      const row = rows.find((one) => one.id === id && one.state === 'waiting');
      if (row === undefined) return false;
      Object.assign(row, { state, totalCents });
      return true;
    },
    schema: async () => 2,
  };
}

/** A queue as Redis keeps it, in memory. */
export function queueInMemory() {
  const ids = [];
  let priced = 0;
  return {
    ids,
    async push(id) {
      ids.push(id);
    },
    waiting: async () => ids.length,
    async countPriced() {
      priced += 1;
    },
    priced: async () => priced,
  };
}

export const config = { shop: 'Test', taxPercent: 10, prices: { tea: 100, cake: 255 } };
