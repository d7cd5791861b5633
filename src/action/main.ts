import { version } from '../version.ts';

// The first line is out before anything heavy is loaded: people see at once that it runs.
process.stdout.write(`Homeport ${version}\n`);
const { runAction } = await import('./run-action.ts');
process.exitCode = await runAction(process.env);
