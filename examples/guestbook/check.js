import { DatabaseSync } from 'node:sqlite';
import { schemaVersion } from './lib/migrations.js';

/** Reads the whole database file and says whether it is sound; the exit code is the verdict. */
const database = new DatabaseSync(process.env.DATABASE ?? '/data/guestbook.db', { readOnly: true, timeout: 5000 });
const { quick_check: verdict } = database.prepare('PRAGMA quick_check(1)').get();
const { entries } = database.prepare('SELECT count(*) AS entries FROM entries').get();
console.log(`${verdict}: schema ${schemaVersion(database)}, ${entries} entries`);
process.exitCode = verdict === 'ok' ? 0 : 1;
