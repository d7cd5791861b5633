import { asksItself, type Finder, namesOfImage } from './finder.ts';

/** Redis and Valkey servers. One server is one backup: its logical databases stand together in one file. */
export const redisFinder: Finder = {
  kind: 'redis',
  recognise: (service) =>
    isRedisImage(service.image) || asksItself(service, /\b(redis|valkey)-cli\b.*\bping\b/i) ? 'server' : 'no',
  wanted: ({ name }, entry) => ({
    kind: 'redis',
    service: name,
    database: 'all',
    ...(entry?.user === undefined ? {} : { user: entry.user }),
  }),
};

const serverNames = /^(redis|valkey)$/;

/** Whether an image reference names a Redis or Valkey server by the last part of its name. */
export function isRedisImage(image: string | undefined): boolean {
  return image !== undefined && serverNames.test(namesOfImage(image).base);
}
