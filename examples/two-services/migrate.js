import { connectDatabase } from './lib/connect.js';
import { migrate } from './lib/migrations.js';

const connection = await connectDatabase();
try {
  const { before, after } = await migrate(connection);
  console.log(before === after ? `schema ${after}, nothing to do` : `schema ${before} -> ${after}`);
} finally {
  await connection.end();
}
