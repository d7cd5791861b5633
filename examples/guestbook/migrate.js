import { migrate } from './lib/migrations.js';

const path = process.env.DATABASE ?? '/data/guestbook.db';
const { before, after } = migrate(path);
console.log(before === after ? `${path}: schema ${after}, nothing to do` : `${path}: schema ${before} -> ${after}`);
