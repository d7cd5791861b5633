import { version } from '../version.ts';

process.stdout.write(`Homeport ${version}\n`);
const { runPost } = await import('./run-post.ts');
process.exitCode = await runPost(process.env);
