#!/usr/bin/env node
import { version } from '../version.ts';

/** They take their time: the first line is out before anything heavy is loaded. The others print an answer and no more. */
const lasting = ['deploy', 'rollback', 'backup'];

const [command = '', ...words] = process.argv.slice(2);
const asksForHelp = words.includes('--help') || words.includes('-h');
if (lasting.includes(command) && !asksForHelp) process.stdout.write(`Homeport ${version}\n`);
await import('./program.ts');
