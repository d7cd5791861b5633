import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { CoverageResult } from '../../src/coverage/coverage.ts';
import { measureCoverage } from '../../src/coverage/measure.ts';
import { HomeportError } from '../../src/deployment/error.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';

export const testsBegan = new Date('2025-11-21T10:00:00.000Z');

/** A working directory with reports in it; a new one for each test. */
export class Checkout {
  root = '';
  said: string[] = [];

  /** To be called once in a test file. */
  static forEachTest(): Checkout {
    const checkout = new Checkout();
    beforeEach(() => {
      checkout.root = realpathSync(mkdtempSync(join(tmpdir(), 'homeport-coverage-')));
      checkout.said = [];
    });
    afterEach(() => rmSync(checkout.root, { recursive: true, force: true }));
    return checkout;
  }

  /** Last written `at` that time; unless told, while the tests ran. */
  write(path: string, text: string, at?: Date): void {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    const time = at ?? new Date(testsBegan.getTime() + 5000);
    utimesSync(full, time, time);
  }

  measure(...patterns: string[]): Promise<CoverageResult> {
    return measureCoverage({
      patterns,
      workingDirectory: this.root,
      notBefore: testsBegan,
      files: new LocalFiles(),
      say: (line) => this.said.push(line),
    });
  }

  async refusal(...patterns: string[]): Promise<HomeportError> {
    const error = await this.measure(...patterns).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error instanceof HomeportError) return error;
    throw new Error(`not refused: ${error}`);
  }
}

/** `hits` by line, from line 1. */
export function lcovOf(file: string, hits: number[]): string {
  return `TN:\nSF:${file}\n${hits.map((count, index) => `DA:${index + 1},${count}\n`).join('')}end_of_record\n`;
}

export function coberturaOf(file: string, hits: number[], source?: string): string {
  const lines = hits.map((count, index) => `<line number="${index + 1}" hits="${count}"/>`).join('');
  const sources = source === undefined ? '' : `<sources><source>${source}</source></sources>`;
  return `<?xml version="1.0"?><coverage line-rate="0.5">${sources}<packages><package><classes><class filename="${file}"><lines>${lines}</lines></class></classes></package></packages></coverage>`;
}

export function istanbulOf(file: string, hits: number[]): string {
  const numbered = hits.map((count, index) => [String(index), index + 1, count] as const);
  const statementMap = Object.fromEntries(numbered.map(([id, line]) => [id, { start: { line, column: 0 } }]));
  const s = Object.fromEntries(numbered.map(([id, , count]) => [id, count]));
  const branchMap = { 0: { loc: { start: { line: 1 } } } };
  return JSON.stringify({ [file]: { path: file, statementMap, s, branchMap, b: { 0: [1, 0] } } });
}

export function summaryOf(file: string, lines: { total: number; covered: number }): string {
  return JSON.stringify({ total: { lines }, [file]: { lines, branches: { total: 2, covered: 1 } } });
}

/** In a `<group>` for each name, or in none. */
export function jacocoOf(folder: string, file: string, ...groups: string[]): string {
  const lines = '<line nr="3" mi="0" ci="2" mb="0" cb="0"/><line nr="4" mi="1" ci="0" mb="0" cb="0"/>';
  const inside = `<package name="${folder}"><sourcefile name="${file}">${lines}</sourcefile></package>`;
  const body = groups.map((group) => `<group name="${group}">${inside}</group>`).join('') || inside;
  return `<?xml version="1.0"?><!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="shop">${body}</report>`;
}
