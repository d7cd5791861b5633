import { parseArgs } from 'node:util';

export interface Options {
  readonly seed: number;
  /** Only cases whose name has this text or fits this regular expression. */
  readonly only: RegExp | null;
  /** A sample that takes less than 5 minutes. */
  readonly bounded: boolean;
  /** Leaves out what the last run has done already. */
  readonly goOn: boolean;
  readonly random: number;
  /** Engines side by side. */
  readonly lanes: number;
  /** Whether the mutants are to be caught too. */
  readonly mutants: boolean;
  /** The folder that holds the `src/` under test. */
  readonly source: string;
}

const help = `node test/faults/run.ts [options]
  --seed N       the same seed gives the same cases (default: of the clock)
  --only PATTERN only cases whose name fits this regular expression
  --bounded      a sample in less than 5 minutes: each point and each fault at least once
  --continue     go on where the last run stopped, with its seed
  --random N     moments by the clock beside those by the journal (default 200)
  --lanes N      engines side by side (default 4; 2 with --bounded)
  --no-mutants   leave the mutants out
  --source DIR   the folder that holds the src/ under test (default: this repository)`;

/** Throws with the usage when the words can't be understood. */
export function readOptions(words: readonly string[], repository: string): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seed: { type: 'string' },
      only: { type: 'string' },
      bounded: { type: 'boolean', default: false },
      continue: { type: 'boolean', default: false },
      random: { type: 'string', default: '200' },
      lanes: { type: 'string' },
      'no-mutants': { type: 'boolean', default: false },
      source: { type: 'string', default: repository },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Error(help);
  return {
    seed: values.seed === undefined ? Math.floor(Date.now() / 1000) : whole('seed', values.seed),
    only: values.only === undefined ? null : new RegExp(values.only),
    bounded: values.bounded,
    goOn: values.continue,
    random: whole('random', values.random),
    lanes: values.lanes === undefined ? (values.bounded ? 2 : 4) : Math.max(1, whole('lanes', values.lanes)),
    mutants: !values['no-mutants'],
    source: values.source,
  };
}

function whole(name: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new Error(`--${name} wants a whole number, not \`${text}\`.\n${help}`);
  return Number(text);
}
