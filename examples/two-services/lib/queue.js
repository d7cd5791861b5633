const WAITING = 'orders:waiting';
const PRICED = 'orders:priced';

/**
 * The numbers of the orders that wait for the worker, in Redis. The database is the truth and Redis makes it quick: an
 * order whose number is lost here is found there.
 */
export function createQueue(redis) {
  return {
    push: (id) => redis.lPush(WAITING, String(id)),
    /** The order that has waited longest; `undefined` when none comes within so many seconds. */
    async take(seconds) {
      const taken = await redis.brPop(WAITING, seconds);
      return taken === null ? undefined : Number(taken.element);
    },
    waiting: () => redis.lLen(WAITING),
    countPriced: () => redis.incr(PRICED),
    priced: async () => Number((await redis.get(PRICED)) ?? 0),
  };
}
