import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { plainEnvironment } from '../support/project.ts';

/** What of a release does not work; `none` is a good one. */
export type Broken = 'none' | 'web' | 'migration';

/** One version of the small project; everything in it tells the number. */
export interface Version {
  readonly number: number;
  readonly commit: string;
  readonly broken: Broken;
}

/** The checkout of the project that is deployed: PostgreSQL, a web service with a migration, a worker. */
export class SmallProject {
  readonly name = 'faulty';
  readonly checkout: string;
  readonly #settings: string;
  #number = 0;

  /** `settings`: more lines for its homeport.yml. */
  constructor(checkout: string, settings = '') {
    this.checkout = checkout;
    this.#settings = settings;
  }

  async create(): Promise<void> {
    mkdirSync(this.checkout, { recursive: true });
    await this.#git('init', '--quiet', '--initial-branch', 'main');
    await this.#git('config', 'user.name', 'Faults');
    await this.#git('config', 'user.email', 'faults@example.org');
    await this.#git('config', 'gc.auto', '0');
    const source = join(import.meta.dirname, 'project');
    cpSync(source, this.checkout, { recursive: true });
    writeFileSync(join(this.checkout, 'package.json'), '{"type": "module"}\n');
  }

  /** Commits the next version: another code, environment value, mounted file and schema version. */
  async nextVersion(broken: Broken): Promise<Version> {
    this.#number += 1;
    const number = this.#number;
    this.#write('release.ts', `export const release = ${number};\n`);
    this.#write('banner.txt', `${number}\n`);
    for (const name of ['compose.yaml', 'homeport.yml']) {
      const template = readFileSync(join(import.meta.dirname, 'project', name), 'utf8');
      const filled = template.replaceAll('${release}', String(number)).replaceAll('${broken}', broken);
      this.#write(name, name === 'homeport.yml' ? `${filled}${this.#settings}` : filled);
    }
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', '--message', `version ${number}`);
    return { number, commit: await this.#git('rev-parse', 'HEAD'), broken };
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.checkout, name), text);
  }

  async #git(...words: string[]): Promise<string> {
    const options = { cwd: this.checkout, env: plainEnvironment(), extendEnv: false, timeout: 30_000 };
    return (await execa('git', words, options)).stdout;
  }
}
